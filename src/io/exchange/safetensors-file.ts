import type { Checkpoint, DType, TensorInfo } from '../checkpoint/checkpoint-types.ts';
import { elementBytes, elementCount } from '../checkpoint/dtype.ts';
import { SAFETENSORS_DTYPES } from '../checkpoint/safetensors.ts';
import { divideTensors, isTextName, type OnTensor, type TensorFile, tensorBytes } from './export.ts';

const CODES = new Map<DType, string>(
  Object.entries(SAFETENSORS_DTYPES).map(([code, dtype]) => [dtype, code]),
);
/** Where values begin is a multiple of it. */
const ALIGNMENT = 8;

/**
 * The tensors of a checkpoint as a safetensors file, wider types first, then by name, as the format's own writer does.
 * Strings, complex and quantised numbers are left out: the format has no names for them.
 * @param metadata kept with what the checkpoint itself has of them. `format`, which other readers ask for, says that names
 *   and shapes are TensorFlow's.
 */
export function safetensorsFile(
  checkpoint: Checkpoint,
  onTensor?: OnTensor,
  metadata: Readonly<Record<string, string>> = {},
): TensorFile {
  const { held, leftOut } = divideTensors(
    checkpoint,
    ({ name, dtype }) => CODES.has(dtype) && isTextName(name) && name !== '__metadata__',
  );
  const ordered = held.toSorted((a, b) => elementBytes(b.dtype) - elementBytes(a.dtype));
  const header = encodeHeader(ordered, { format: 'tf', ...checkpoint.metadata, ...metadata });
  return { written: ordered.length, leftOut, pieces: piecesOf(checkpoint, header, ordered, onTensor) };
}

async function* piecesOf(
  checkpoint: Checkpoint,
  header: Uint8Array,
  tensors: readonly TensorInfo[],
  onTensor: OnTensor | undefined,
): AsyncGenerator<Uint8Array> {
  yield header;
  for (const [i, { name }] of tensors.entries()) {
    yield* tensorBytes(checkpoint, name);
    onTensor?.(i + 1, tensors.length);
  }
}

/** The header with its length before it, filled up with blanks so that the values are aligned. */
function encodeHeader(
  tensors: readonly TensorInfo[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [name: string, entry: unknown][] = [['__metadata__', metadata]];
  let end = 0;
  for (const { name, dtype, shape } of tensors) {
    const begin = end;
    end += elementCount(shape) * elementBytes(dtype);
    entries.push([name, { dtype: CODES.get(dtype), shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}
