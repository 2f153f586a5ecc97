import { DataError } from '../../base/errors.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { unmaskCrc } from '../bytes/crc32c.ts';
import type { Extent } from '../bytes/ordered-code.ts';
import { placed, quoted } from '../bytes/place.ts';
import { ProtoReader } from '../bytes/protobuf.ts';
import type { DType } from './checkpoint-types.ts';
import { dtypeOfCode, elementBytes, elementCount } from './dtype.ts';
import { decodeName } from './names.ts';
import { Table } from './table.ts';
import { parseShape, parseSlice } from './tensor-proto.ts';

/** The version of the bundle format this reader understands. */
const FORMAT_VERSION = 1;

/** The directory of a V2 checkpoint ("tensor bundle"): the content of its `.index` file. */
export interface BundleIndex {
  readonly shards: number;
  readonly bigEndian: boolean;
  /** By name; parts of partitioned variables are among them, by the name their key decodes to. */
  readonly entries: ReadonlyMap<string, BundleEntry>;
}

/** One tensor, or one part of a partitioned variable. */
export interface BundleEntry {
  readonly name: string;
  readonly key: Uint8Array;
  /** undefined: of a type (`code`) that this reader has no values for. */
  readonly dtype: DType | undefined;
  readonly code: number;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly shard: number;
  readonly offset: number;
  readonly size: number;
  readonly crc: number;
  /** The parts of a partitioned variable, which then has no bytes of its own; empty for all others. */
  readonly slices: readonly (readonly Extent[])[];
}

interface BundleHeader {
  readonly shards: number;
  readonly bigEndian: boolean;
}

/** Reads and checks a whole `.index` file. */
export async function readBundleIndex(source: ByteSource, verify: boolean): Promise<BundleIndex> {
  const table = await Table.open(source, verify);
  let header: BundleHeader | undefined;
  const entries = new Map<string, BundleEntry>();
  for await (const { key, value } of table.entries()) {
    if (header === undefined) {
      if (key.length > 0) break;
      header = placed({ file: source.file }, 'bundle header', () => parseHeader(value));
    } else {
      const name = decodeName(key);
      const { shards } = header;
      entries.set(
        name,
        placed({ file: source.file }, `tensor ${quoted(name)}`, () => parseEntry(name, key, value, shards)),
      );
    }
  }
  if (header === undefined)
    throw source.error('is a table file, but has no bundle header: no checkpoint index');
  return { ...header, entries };
}

function parseHeader(bytes: Uint8Array): BundleHeader {
  let shards = 0;
  let endianness = 0;
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) shards = reader.int();
    else if (reader.field === 2) endianness = reader.int();
    else if (reader.field === 3) checkVersion(reader.bytes());
  }
  if (endianness !== 0 && endianness !== 1) throw new DataError(`unknown byte order ${endianness}`);
  return { shards, bigEndian: endianness === 1 };
}

function checkVersion(bytes: Uint8Array): void {
  let minimum = 0;
  const bad: number[] = [];
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 2) minimum = reader.int();
    else if (reader.field === 3) reader.varints((cursor) => bad.push(cursor.int32()));
  }
  if (minimum > FORMAT_VERSION || bad.includes(FORMAT_VERSION)) {
    throw new DataError(
      `written for readers of format version ${Math.max(minimum, FORMAT_VERSION + 1)} or later, this one reads ` +
        `version ${FORMAT_VERSION}; save it again with an older TensorFlow`,
    );
  }
}

function parseEntry(name: string, key: Uint8Array, bytes: Uint8Array, shards: number): BundleEntry {
  let code = 0;
  let shape: number[] = [];
  let [shard, offset, size, crc] = [0, 0, 0, 0];
  const slices: Extent[][] = [];
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) code = reader.int();
    else if (reader.field === 2) shape = parseShape(reader.bytes());
    else if (reader.field === 3) shard = reader.int();
    else if (reader.field === 4) offset = reader.int();
    else if (reader.field === 5) size = reader.int();
    else if (reader.field === 6) crc = unmaskCrc(reader.fixed32());
    else if (reader.field === 7) slices.push(parseSlice(reader.bytes()));
  }
  const dtype = dtypeOfCode(code);
  const elements = elementCount(shape);
  const entry = { name, key, dtype, code, shape, elements, shard, offset, size, crc, slices };
  checkEntry(entry, shards);
  return entry;
}

function checkEntry(
  { dtype, shape, elements, shard, offset, size, slices }: BundleEntry,
  shards: number,
): void {
  if (shard < 0 || shard >= shards) throw new DataError(`is in shard ${shard}, there are ${shards}`);
  if (offset < 0 || size < 0) throw new DataError(`has the impossible place ${offset} with ${size} bytes`);
  const width = dtype === undefined ? 0 : elementBytes(dtype);
  if (width > 0 && slices.length === 0 && size !== elements * width) {
    throw new DataError(`${size} bytes are stored, ${dtype} [${shape}] needs ${elements * width}`);
  }
}
