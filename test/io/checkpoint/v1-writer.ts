import { type Extent, encodeTensorNameSlice } from '../../../src/io/bytes/ordered-code.ts';
import { ProtoWriter } from '../../../src/io/bytes/protobuf.ts';
import type { TableEntry } from '../../../src/io/checkpoint/table.ts';
import { buildTable } from '../../../src/io/checkpoint/table-builder.ts';
import { encodeShape } from '../../../src/io/checkpoint/tensor-proto.ts';

export interface Part {
  readonly slice: readonly Extent[];
  /** TensorProto with the values; undefined: listed, but not stored. */
  readonly values?: Uint8Array;
}

/** A variable of a V1 checkpoint, or what one of its files has of it. */
export interface Variable {
  readonly name: string;
  readonly code: number;
  readonly shape: number[];
  readonly parts: Part[];
}

const utf8 = new TextEncoder();

/** A file of a V1 checkpoint. */
export function v1File(variables: Variable[]): Uint8Array {
  const meta = new ProtoWriter();
  const entries: TableEntry[] = [];
  for (const { name, code, shape, parts } of variables) {
    const tensor = new ProtoWriter().bytes(1, utf8.encode(name)).bytes(2, encodeShape(shape)).int(3, code);
    for (const { slice, values } of parts) {
      tensor.bytes(4, encodeSlice(slice));
      if (values === undefined) continue;
      const data = new ProtoWriter().bytes(1, utf8.encode(name)).bytes(3, values).finish();
      const value = new ProtoWriter().bytes(2, data).finish();
      entries.push({ key: encodeTensorNameSlice(utf8.encode(name), slice), value });
    }
    meta.bytes(1, tensor.finish());
  }
  entries.sort((a, b) => Buffer.compare(a.key, b.key));
  return buildTable([
    { key: new Uint8Array(0), value: new ProtoWriter().bytes(1, meta.finish()).finish() },
    ...entries,
  ]);
}

function encodeSlice(slice: readonly Extent[]): Uint8Array {
  const writer = new ProtoWriter();
  for (const { start, length } of slice) {
    const extent = new ProtoWriter();
    if (length !== -1) extent.int(1, start).int(2, length);
    writer.bytes(1, extent.finish());
  }
  return writer.finish();
}
