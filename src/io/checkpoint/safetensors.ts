import { DataError } from '../../base/errors.ts';
import { agreeing, anything, fields, listOf, recordOf, shaped, text, whole } from '../../base/json-shape.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { placed, quoted } from '../bytes/place.ts';
import type { StoredTensor, TensorStore } from './checkpoint-reader.ts';
import type { DType } from './checkpoint-types.ts';
import { elementBytes, elementCount, viewValues } from './dtype.ts';
import { PieceMemory, readRange, streamRange } from './tensor-range.ts';

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
 * Opens a safetensors file: 8 bytes of header length, a JSON header, the values. It has no checksums.
 * @throws {DataError} when the header is damaged, or the tensors do not fill the file exactly: no holes, no overlaps.
 */
export async function openSafetensors(source: ByteSource): Promise<TensorStore> {
  try {
    const header = await readHeader(source);
    const start = LENGTH_BYTES + header.length;
    const memory = new PieceMemory();
    const { metadata, entries } = placed({ file: source.file, offset: LENGTH_BYTES }, 'header', () => {
      const parsed = parseHeader(header);
      checkLayout(parsed.entries, source.size - start);
      return parsed;
    });
    const tensors = new Map(
      entries.map((entry) => [entry.name, storedTensor(source, start, entry, memory)] as const),
    );
    return { tensors, metadata, close: () => source.close() };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Whether a file begins as such a file does: a header length that fits it, and a JSON object. */
export function looksLikeSafetensors(head: Uint8Array, size: number): boolean {
  if (head.length <= LENGTH_BYTES || head[LENGTH_BYTES] !== 0x7b) return false;
  const length = headerLength(head);
  return length <= MAX_HEADER_BYTES && LENGTH_BYTES + length <= size;
}

function storedTensor(
  source: ByteSource,
  start: number,
  { name, dtype, shape, begin, end }: Entry,
  memory: PieceMemory,
): StoredTensor {
  const range = { name, source, offset: start + begin, size: end - begin, crc: undefined };
  return {
    info: () => ({ name, dtype, shape, byteLength: range.size }),
    read: async () => ({ dtype, shape, data: viewValues(dtype, await readRange(range)) }),
    async *chunks(maxElements) {
      const pieceElements = Math.min(maxElements, Math.max(1, elementCount(shape)));
      let first = 0;
      for await (const piece of streamRange(range, pieceElements * elementBytes(dtype), memory)) {
        yield { start: first, data: viewValues(dtype, piece) };
        first += pieceElements;
      }
    },
  };
}

async function readHeader(source: ByteSource): Promise<Uint8Array> {
  const prefix = await source.read(0, LENGTH_BYTES);
  const length = headerLength(prefix);
  if (length > MAX_HEADER_BYTES || LENGTH_BYTES + length > source.size) {
    throw source.error(`a header of ${length} bytes does not fit: cut short, or no safetensors file`, 0);
  }
  return source.read(LENGTH_BYTES, length);
}

function headerLength(prefix: Uint8Array): number {
  return Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
}

interface Header {
  readonly metadata: Record<string, string>;
  readonly entries: readonly Entry[];
}

function parseHeader(bytes: Uint8Array): Header {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DataError(`is no JSON (${(cause as Error).message})`, {}, { cause });
  }
  const { __metadata__ = {}, ...tensors } = shaped(header, recordOf(anything), WHAT);
  const metadata = shaped(__metadata__, recordOf(text()), `${WHAT}, in its __metadata__`);
  const entries = Object.entries(tensors).map(([name, entry]) => parseEntry(name, entry));
  return { metadata, entries };
}

const WHAT = 'header of safetensors';

const ENTRY = fields({
  dtype: text(),
  shape: listOf(whole()),
  data_offsets: agreeing(listOf(whole()), ({ length }) =>
    length === 2 ? undefined : `it has ${length} numbers and must have two`,
  ),
});

function parseEntry(name: string, value: unknown): Entry {
  const subject = `tensor ${quoted(name)}`;
  if (/\p{Surrogate}/u.test(name)) throw new DataError(`${subject} has half a character in its name`);
  const entry = shaped(value, ENTRY, `${WHAT}, at ${subject}`);
  const code = entry.dtype;
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
