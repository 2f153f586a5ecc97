import { DataError } from '../../base/errors.ts';
import type { DType, TensorData } from './checkpoint-types.ts';

/** Values of a tensor whose elements all have the same size. */
export type NumericData = Exclude<TensorData, Uint8Array[]>;

interface NumericConstructor {
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): NumericData;
  new (length: number): NumericData;
  readonly BYTES_PER_ELEMENT: number;
}

interface Kind {
  /** TensorFlow's DataType number, as files hold it. */
  readonly code: number;
  /** What the values are held in; strings and variants have none. */
  readonly array?: NumericConstructor;
  /** Array items of one element: 2 for complex numbers. */
  readonly components?: number;
}

const KINDS: Readonly<Record<DType, Kind>> = {
  float32: { code: 1, array: Float32Array },
  float64: { code: 2, array: Float64Array },
  int32: { code: 3, array: Int32Array },
  uint8: { code: 4, array: Uint8Array },
  int16: { code: 5, array: Int16Array },
  int8: { code: 6, array: Int8Array },
  string: { code: 7 },
  complex64: { code: 8, array: Float32Array, components: 2 },
  int64: { code: 9, array: BigInt64Array },
  bool: { code: 10, array: Uint8Array },
  qint8: { code: 11, array: Int8Array },
  quint8: { code: 12, array: Uint8Array },
  qint32: { code: 13, array: Int32Array },
  bfloat16: { code: 14, array: Uint16Array },
  qint16: { code: 15, array: Int16Array },
  quint16: { code: 16, array: Uint16Array },
  uint16: { code: 17, array: Uint16Array },
  complex128: { code: 18, array: Float64Array, components: 2 },
  half: { code: 19, array: Uint16Array },
  variant: { code: 21 },
  uint32: { code: 22, array: Uint32Array },
  uint64: { code: 23, array: BigUint64Array },
  float8_e5m2: { code: 24, array: Uint8Array },
  float8_e4m3fn: { code: 25, array: Uint8Array },
  int4: { code: 29, array: Int8Array },
  uint4: { code: 30, array: Uint8Array },
};

const BY_CODE: ReadonlyMap<number, DType> = new Map(
  Object.entries(KINDS).map(([dtype, kind]) => [kind.code, dtype as DType]),
);

/** The element type behind TensorFlow's number for it; undefined for one this reader has no values for. */
export function dtypeOfCode(code: number): DType | undefined {
  return BY_CODE.get(code);
}

/** TensorFlow's number for an element type; undefined for a name that is none. */
export function codeOfDType(dtype: DType): number | undefined {
  return Object.hasOwn(KINDS, dtype) ? KINDS[dtype].code : undefined;
}

/** Array items of one element: 2 for complex numbers, 1 for all others. */
export function componentsOf(dtype: DType): number {
  return KINDS[dtype].components ?? 1;
}

/** Bytes of one element; 0 for strings and variants, whose elements differ in size. */
export function elementBytes(dtype: DType): number {
  return (KINDS[dtype].array?.BYTES_PER_ELEMENT ?? 0) * componentsOf(dtype);
}

/** Whether `data` is the kind of array that values of `dtype` are held in. */
export function holds(dtype: DType, data: TensorData): boolean {
  const { array } = KINDS[dtype];
  if (array !== undefined) return data instanceof array;
  return Array.isArray(data) && data.every((value) => value instanceof Uint8Array);
}

/** A view of bytes, whose offset must be a multiple of the item size, as values of a numeric dtype. */
export function viewValues(dtype: DType, bytes: Uint8Array<ArrayBuffer>): NumericData {
  const array = numericArray(dtype);
  return new array(bytes.buffer, bytes.byteOffset, bytes.byteLength / array.BYTES_PER_ELEMENT);
}

/** Zeros: `elements` values of a numeric dtype. */
export function zeros(dtype: DType, elements: number): NumericData {
  return new (numericArray(dtype))(elements * componentsOf(dtype));
}

/** Reverses the bytes of every item in place; complex numbers turn component by component. */
export function swapBytes(dtype: DType, bytes: Uint8Array): void {
  const width = numericArray(dtype).BYTES_PER_ELEMENT;
  if (width === 1) return;
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

/** Product of the dimensions; a DataError for a negative one or a product above 2^53. */
export function elementCount(shape: readonly number[]): number {
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    throw new DataError(`the shape [${shape}] has a dimension that is no size`);
  }
  const count = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(count)) throw new DataError(`the shape [${shape}] has more than 2^53 elements`);
  return count;
}

function numericArray(dtype: DType): NumericConstructor {
  const { array } = KINDS[dtype];
  if (array === undefined) throw new DataError(`values of type ${dtype} are not numbers`);
  return array;
}
