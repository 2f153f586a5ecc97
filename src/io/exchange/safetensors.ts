import { DataError } from '../../base/errors.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { placed, quoted } from '../bytes/place.ts';
import type { DType, Tensor } from '../checkpoint/checkpoint-types.ts';
import { elementBytes, elementCount, viewValues } from '../checkpoint/dtype.ts';
import { allocate } from '../checkpoint/tensor-range.ts';
import { openFile } from '../files/file-source.ts';

/** The limit of the format's own reader. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;

/** Element types of the format, by its names for them. */
export const SAFETENSORS_DTYPES: Readonly<Record<string, DType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'half',
  BF16: 'bfloat16',
  F8_E5M2: 'float8_e5m2',
  F8_E4M3: 'float8_e4m3fn',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
};

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** First byte and the one behind the last, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads all tensors of a safetensors file: 8 bytes of header length, a JSON header, the values.
 * @throws {DataError} when the header is damaged, or the tensors do not fill the file exactly: no holes, no overlaps.
 */
export async function readSafetensors(path: string): Promise<Map<string, Tensor>> {
  const source = await openFile(path);
  try {
    const header = await readHeader(source);
    const start = LENGTH_BYTES + header.length;
    const entries = placed({ file: path, offset: LENGTH_BYTES }, 'header', () => {
      const parsed = parseHeader(header);
      checkLayout(parsed, source.size - start);
      return parsed;
    });
    const tensors = new Map<string, Tensor>();
    for (const { name, dtype, shape, begin, end } of entries) {
      const bytes = new Uint8Array(allocate(end - begin, name));
      await source.readInto(start + begin, bytes);
      tensors.set(name, { dtype, shape, data: viewValues(dtype, bytes) });
    }
    return tensors;
  } finally {
    await source.close();
  }
}

async function readHeader(source: ByteSource): Promise<Uint8Array> {
  const prefix = await source.read(0, LENGTH_BYTES);
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || LENGTH_BYTES + length > source.size) {
    throw source.error(`a header of ${length} bytes does not fit: cut short, or no safetensors file`, 0);
  }
  return source.read(LENGTH_BYTES, length);
}

function parseHeader(bytes: Uint8Array): Entry[] {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DataError(`is no JSON (${(cause as Error).message})`, {}, { cause });
  }
  if (!isRecord(header)) throw new DataError('is no JSON object');
  return Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => parseEntry(name, entry));
}

function parseEntry(name: string, entry: unknown): Entry {
  const subject = `tensor ${quoted(name)}`;
  if (
    !isRecord(entry) ||
    !isSizes(entry.shape) ||
    !isSizes(entry.data_offsets) ||
    entry.data_offsets.length !== 2
  ) {
    throw new DataError(`${subject} has no proper dtype, shape and data_offsets`);
  }
  const code = String(entry.dtype);
  if (!Object.hasOwn(SAFETENSORS_DTYPES, code))
    throw new DataError(`${subject} has the unknown dtype ${quoted(code)}`);
  const dtype = SAFETENSORS_DTYPES[code];
  const [begin, end] = entry.data_offsets;
  const needed = elementCount(entry.shape) * elementBytes(dtype);
  if (end - begin !== needed) {
    throw new DataError(`${subject} has ${end - begin} bytes, ${code} [${entry.shape}] needs ${needed}`);
  }
  return { name, dtype, shape: entry.shape, begin, end };
}

function checkLayout(entries: readonly Entry[], dataBytes: number): void {
  let filled = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== filled) {
      const fault = begin < filled ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw new DataError(`tensor ${quoted(name)} ${fault}`);
    }
    filled = end;
  }
  if (filled !== dataBytes)
    throw new DataError(`describes ${filled} bytes of values, the file has ${dataBytes}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
