import type { DType } from '../checkpoint/checkpoint-types.ts';

/** NumPy's names for the element types it has, little-endian. */
const DESCRIPTORS: Partial<Record<DType, string>> = {
  float64: '<f8',
  float32: '<f4',
  half: '<f2',
  int64: '<i8',
  int32: '<i4',
  int16: '<i2',
  int8: '|i1',
  uint64: '<u8',
  uint32: '<u4',
  uint16: '<u2',
  uint8: '|u1',
  bool: '|b1',
  complex64: '<c8',
  complex128: '<c16',
};

/** The values of a file begin at a multiple of it. */
const ALIGNMENT = 64;
/** Magic string and version 1.0, before the length of the header. */
const PREAMBLE = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0];

/** Whether NumPy has an element type of its own for it. */
export function isNpyType(dtype: DType): boolean {
  return DESCRIPTORS[dtype] !== undefined;
}

/** What stands before the row-major values of an array in a `.npy` file, format 1.0. */
export function npyHeader(dtype: DType, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${DESCRIPTORS[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = PREAMBLE.length + 2;
  const size = Math.ceil((start + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = new Uint8Array(size).fill(0x20);
  header.set(PREAMBLE);
  new DataView(header.buffer).setUint16(PREAMBLE.length, size - start, true);
  header.set(new TextEncoder().encode(text), start);
  header[size - 1] = 0x0a;
  return header;
}
