import { DataError } from '../../base/errors.ts';
import type { Extent } from '../bytes/ordered-code.ts';
import { ProtoReader, ProtoWriter } from '../bytes/protobuf.ts';

/** The most dimensions TensorFlow gives a tensor. */
const MAX_RANK = 254;

/** TensorShapeProto -> sizes of the dimensions. */
export function parseShape(bytes: Uint8Array): number[] {
  const shape: number[] = [];
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 2) shape.push(parseDimension(reader.bytes()));
    else if (reader.field === 3 && reader.bool()) throw new DataError('the shape has an unknown rank');
    if (shape.length > MAX_RANK) throw new DataError(`the shape has more than ${MAX_RANK} dimensions`);
  }
  return shape;
}

/** Sizes of the dimensions -> TensorShapeProto. */
export function encodeShape(shape: readonly number[]): Uint8Array {
  const writer = new ProtoWriter();
  for (const size of shape) {
    const dimension = new ProtoWriter();
    if (size !== 0) dimension.int(1, size);
    writer.bytes(2, dimension.finish());
  }
  return writer.finish();
}

/** TensorSliceProto -> one extent a dimension; a whole dimension has length -1, as in the keys of parts. */
export function parseSlice(bytes: Uint8Array): Extent[] {
  const extents: Extent[] = [];
  const reader = new ProtoReader(bytes);
  while (reader.next()) if (reader.field === 1) extents.push(parseExtent(reader.bytes()));
  return extents;
}

function parseDimension(bytes: Uint8Array): number {
  let size = 0;
  const reader = new ProtoReader(bytes);
  while (reader.next()) if (reader.field === 1) size = reader.int();
  return size;
}

function parseExtent(bytes: Uint8Array): Extent {
  let start = 0;
  let length = -1;
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) start = reader.int();
    else if (reader.field === 2) length = reader.int();
  }
  return length === -1 ? { start: 0, length } : { start, length };
}
