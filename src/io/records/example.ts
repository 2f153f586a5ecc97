import { ByteBuilder } from '../bytes/byte-builder.ts';
import { ProtoReader, ProtoWriter } from '../bytes/protobuf.ts';

/** One feature of a `tf.train.Example`: a list of byte strings, float32s or int64s. */
export type Feature =
  | { readonly kind: 'bytes'; readonly values: readonly Uint8Array[] }
  | { readonly kind: 'float'; readonly values: Float32Array }
  | { readonly kind: 'int64'; readonly values: BigInt64Array };

/** Features by name. One that is stored without a list counts as missing, as TensorFlow has it, and is left out. */
export type Example = ReadonlyMap<string, Feature>;

/**
 * Reads a serialized `tf.train.Example`, or the context of a `SequenceExample`. Byte strings are views of `bytes`.
 * @throws {DataError} without a file, where it is no such message.
 */
export function decodeExample(bytes: Uint8Array): Example {
  const features = new Map<string, Feature>();
  const example = new ProtoReader(bytes);
  while (example.next()) {
    if (example.field !== 1) continue;
    const entries = new ProtoReader(example.bytes());
    while (entries.next()) {
      if (entries.field === 1) decodeEntry(entries.bytes(), features);
    }
  }
  return features;
}

/** The serialized `tf.train.Example` of some features; equal features in equal order give equal bytes. */
export function encodeExample(example: Iterable<readonly [string, Feature]>): Uint8Array {
  const features = new ProtoWriter();
  for (const [name, feature] of example) {
    const list = new ProtoWriter().bytes(LIST_FIELD[feature.kind], encodeList(feature)).finish();
    features.bytes(1, new ProtoWriter().bytes(1, new TextEncoder().encode(name)).bytes(2, list).finish());
  }
  return new ProtoWriter().bytes(1, features.finish()).finish();
}

const LIST_FIELD = { bytes: 1, float: 2, int64: 3 } as const satisfies Record<Feature['kind'], number>;
const KEY = new TextDecoder('utf-8', { ignoreBOM: true });

/** Of a repeated key the last one counts. */
function decodeEntry(bytes: Uint8Array, features: Map<string, Feature>): void {
  const entry = new ProtoReader(bytes);
  let name = '';
  const parts: Uint8Array[] = [];
  while (entry.next()) {
    if (entry.field === 1) name = KEY.decode(entry.bytes());
    else if (entry.field === 2) parts.push(entry.bytes());
  }
  features.delete(name);
  const feature = decodeFeature(parts);
  if (feature !== undefined) features.set(name, feature);
}

/** A message in several parts is one; lists of a kind add up, and the kind that comes last counts. */
function decodeFeature(parts: readonly Uint8Array[]): Feature | undefined {
  let kind: Feature['kind'] | undefined;
  let lists: Uint8Array[] = [];
  for (const part of parts) {
    const feature = new ProtoReader(part);
    while (feature.next()) {
      const found = KINDS.find((each) => LIST_FIELD[each] === feature.field);
      if (found === undefined) continue;
      if (found !== kind) lists = [];
      kind = found;
      lists.push(feature.bytes());
    }
  }
  return kind && decodeLists(kind, lists);
}

const KINDS = ['bytes', 'float', 'int64'] as const satisfies readonly Feature['kind'][];

function decodeLists(kind: Feature['kind'], lists: readonly Uint8Array[]): Feature {
  switch (kind) {
    case 'bytes': {
      const values: Uint8Array[] = [];
      eachValueField(lists, (list) => values.push(list.bytes()));
      return { kind, values };
    }
    case 'float': {
      const values: number[] = [];
      eachValueField(lists, (list) => {
        const bytes = list.fixeds(4);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        for (let at = 0; at < bytes.length; at += 4) values.push(view.getFloat32(at, true));
      });
      return { kind, values: Float32Array.from(values) };
    }
    case 'int64': {
      const values: bigint[] = [];
      eachValueField(lists, (list) =>
        list.varints((cursor) => values.push(BigInt.asIntN(64, cursor.uint64()))),
      );
      return { kind, values: BigInt64Array.from(values) };
    }
  }
}

function eachValueField(lists: readonly Uint8Array[], read: (list: ProtoReader) => void): void {
  for (const bytes of lists) {
    const list = new ProtoReader(bytes);
    while (list.next()) {
      if (list.field === 1) read(list);
    }
  }
}

/** Numbers are packed, as TensorFlow writes them. */
function encodeList(feature: Feature): Uint8Array {
  const list = new ProtoWriter();
  if (feature.kind === 'bytes') {
    for (const value of feature.values) list.bytes(1, value);
  } else if (feature.values.length > 0) {
    list.bytes(1, feature.kind === 'float' ? floatBytes(feature.values) : varints(feature.values));
  }
  return list.finish();
}

function floatBytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, at) => {
    view.setFloat32(4 * at, value, true);
  });
  return bytes;
}

function varints(values: BigInt64Array): Uint8Array {
  const packed = new ByteBuilder();
  for (const value of values) packed.varint(value);
  return packed.finish();
}
