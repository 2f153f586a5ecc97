import { DataError } from '../../base/errors.ts';
import type { ByteCursor } from '../bytes/byte-cursor.ts';
import { ProtoReader } from '../bytes/protobuf.ts';
import type { DType, TensorData } from './checkpoint-types.ts';
import { componentsOf, elementBytes, type NumericData, viewValues, zeros } from './dtype.ts';

/** TensorFlow writes no TensorProto above this, so a tensor cannot have more bytes. */
const MAX_PROTO_BYTES = 2 ** 31;
/** Values that the last stored one may stand for, whatever their number, and times the stored ones that it may. */
const FREE_REPETITION = 2 ** 16;
const MOST_REPETITION = 1024;
const TENSOR_CONTENT = 4;
const STRING_VAL = 8;

/** Which field of a TensorProto holds the values of a type; bytes an item in fixed-width ones, 0 for varints. */
const VALUE_FIELDS: Partial<Record<DType, { readonly field: number; readonly width: 0 | 4 | 8 }>> = {
  float32: { field: 5, width: 4 },
  float64: { field: 6, width: 8 },
  int32: { field: 7, width: 0 },
  uint8: { field: 7, width: 0 },
  int16: { field: 7, width: 0 },
  int8: { field: 7, width: 0 },
  qint8: { field: 7, width: 0 },
  quint8: { field: 7, width: 0 },
  qint32: { field: 7, width: 0 },
  qint16: { field: 7, width: 0 },
  quint16: { field: 7, width: 0 },
  uint16: { field: 7, width: 0 },
  complex64: { field: 9, width: 4 },
  int64: { field: 10, width: 0 },
  bool: { field: 11, width: 0 },
  complex128: { field: 12, width: 8 },
  half: { field: 13, width: 0 },
  bfloat16: { field: 13, width: 0 },
  uint32: { field: 16, width: 0 },
  uint64: { field: 17, width: 0 },
};

/**
 * The values of a TensorProto, `elements` of them. One with fewer values repeats its last, as TensorFlow reads it.
 * Throws a DataError, without a file, when it has none or too many.
 */
export function decodeTensorProto(bytes: Uint8Array, dtype: DType, elements: number): TensorData {
  if (dtype === 'string') return decodeStringVal(bytes, elements);
  const source = VALUE_FIELDS[dtype];
  if (source === undefined) throw new DataError(`a V1 checkpoint cannot hold values of type ${dtype}`);
  const size = elements * elementBytes(dtype);
  if (size > MAX_PROTO_BYTES)
    throw new DataError(`${size} bytes are more than a V1 checkpoint can hold of one tensor`);
  const values = new ValueCollector(dtype, elements, bytes.length);
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === TENSOR_CONTENT) values.addContent(reader.bytes());
    else if (reader.field !== source.field) continue;
    else if (source.width > 0) values.addFixed(reader.fixeds(source.width as 4 | 8));
    else reader.varints((cursor) => values.addVarint(cursor));
  }
  return values.finish();
}

/** @throws {DataError} where so many values are far more than so many stored ones, or bytes, can mean. */
export function checkRepetition(values: number, stored: number): void {
  if (values <= Math.max(FREE_REPETITION, MOST_REPETITION * stored)) return;
  throw new DataError(`${stored} are stored for ${values} values, as no writer does`);
}

function decodeStringVal(bytes: Uint8Array, elements: number): Uint8Array[] {
  const strings: Uint8Array[] = [];
  const reader = new ProtoReader(bytes);
  while (reader.next()) if (reader.field === STRING_VAL) strings.push(reader.bytes().slice());
  if (strings.length !== elements)
    throw new DataError(`${strings.length} strings are stored, ${elements} are needed`);
  return strings;
}

/** Gathers the values of one dtype that come. */
class ValueCollector {
  readonly #dtype: DType;
  /** How many there are to be. */
  readonly #length: number;
  /** As many as are stored, at most; the rest is repetition, for which memory is taken at the end. */
  readonly #data: NumericData;
  #filled = 0;

  constructor(dtype: DType, elements: number, storedBytes: number) {
    this.#dtype = dtype;
    this.#length = elements * componentsOf(dtype);
    // A value takes a byte at least.
    this.#data = zeros(dtype, Math.min(elements, storedBytes));
  }

  /** `tensor_content`: all values as they lie in memory. */
  addContent(bytes: Uint8Array): void {
    if (bytes.length > 0) this.addFixed(bytes);
  }

  addFixed(bytes: Uint8Array): void {
    const width = this.#data.BYTES_PER_ELEMENT;
    if (bytes.length % width !== 0)
      throw new DataError(`${bytes.length} bytes are no whole number of values`);
    this.#checkRoom(bytes.length / width);
    // Copied, because values in a message are not aligned.
    const values = viewValues(this.#dtype, bytes.slice() as Uint8Array<ArrayBuffer>);
    setAll(this.#data, values, this.#filled);
    this.#filled += values.length;
  }

  addVarint(cursor: ByteCursor): void {
    this.#checkRoom(1);
    // Typed arrays cut a number to their width, which is what negative and 16-bit values need.
    const wide = this.#data instanceof BigInt64Array || this.#data instanceof BigUint64Array;
    this.#data[this.#filled++] = wide ? cursor.uint64() : cursor.int32();
  }

  finish(): NumericData {
    const [stored, length] = [this.#filled, this.#length];
    const width = componentsOf(this.#dtype);
    if (stored % width !== 0 || (stored === 0 && length > 0)) {
      throw new DataError(`${stored} values are stored, ${length} are needed`);
    }
    checkRepetition(length, stored);
    if (this.#data.length === length && stored === length) return this.#data;
    const whole = zeros(this.#dtype, length / width);
    setAll(whole, this.#data.subarray(0, stored), 0);
    for (let at = stored; at < length; at++) whole[at] = whole[at - width];
    return whole;
  }

  #checkRoom(more: number): void {
    if (this.#filled + more > this.#length)
      throw new DataError(`more than ${this.#length} values are stored`);
  }
}

/** Both arrays are of the kind that the dtype asks for, which the type system cannot follow. */
function setAll(into: NumericData, values: NumericData, at: number): void {
  (into.set as (values: NumericData, offset: number) => void).call(into, values, at);
}
