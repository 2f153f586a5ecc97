import { checkpointInputs } from '../checkpoint/checkpoint-inputs.ts';
import type { Checkpoint, DType } from '../checkpoint/checkpoint-types.ts';
import { elementBytes, elementCount } from '../checkpoint/dtype.ts';
import { SAFETENSORS_DTYPES } from '../checkpoint/safetensors.ts';
import { streamFileAtomic } from '../files/atomic-file.ts';
import { requireOutput } from '../files/output.ts';
import { divideTensors, type Exported, isTextName, type OnTensor, tensorBytes } from './export.ts';

const CODES = new Map<DType, string>(
  Object.entries(SAFETENSORS_DTYPES).map(([code, dtype]) => [dtype, code]),
);
/** Where values begin is a multiple of it. */
const ALIGNMENT = 8;

/**
 * Writes the tensors of a checkpoint as a safetensors file, wider types first, then by name, as the format's
 * own writer does. Values pass through in pieces; the file appears whole or not at all. Strings, complex and
 * quantised numbers are left out: the format has no names for them.
 * @param metadata kept with what the checkpoint itself has of them. `format`, which other readers ask for, says that names
 *   and shapes are TensorFlow's.
 * @throws {UsageError} where the file cannot be written, or is one of the checkpoint.
 * @throws {DataError} where the checkpoint is damaged.
 */
export async function writeSafetensors(
  path: string,
  checkpoint: Checkpoint,
  onTensor?: OnTensor,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Exported> {
  const { held, leftOut } = divideTensors(
    checkpoint,
    ({ name, dtype }) => CODES.has(dtype) && isTextName(name) && name !== '__metadata__',
  );
  const ordered = held.toSorted((a, b) => elementBytes(b.dtype) - elementBytes(a.dtype));
  const header: [name: string, entry: unknown][] = [
    ['__metadata__', { format: 'tf', ...checkpoint.metadata, ...metadata }],
  ];
  let end = 0;
  for (const { name, dtype, shape } of ordered) {
    const begin = end;
    end += elementCount(shape) * elementBytes(dtype);
    header.push([name, { dtype: CODES.get(dtype), shape, data_offsets: [begin, end] }]);
  }
  await requireOutput(path, { inputs: await checkpointInputs(checkpoint.path) });
  await streamFileAtomic(path, async (file) => {
    await file.write(encodeHeader(Object.fromEntries(header)));
    for (const [i, { name }] of ordered.entries()) {
      for await (const bytes of tensorBytes(checkpoint, name)) await file.write(bytes);
      onTensor?.(i + 1, ordered.length);
    }
  });
  return { written: ordered.length, leftOut };
}

/** The header with its length before it, filled up with blanks so that the values are aligned. */
function encodeHeader(header: object): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}
