import { ZipWriter } from '../archive/zip-writer.ts';
import { checkpointInputs } from '../checkpoint/checkpoint-inputs.ts';
import type { Checkpoint, TensorInfo } from '../checkpoint/checkpoint-types.ts';
import { streamFileAtomic } from '../files/atomic-file.ts';
import { requireOutput } from '../files/output.ts';
import { divideTensors, type Exported, isTextName, type OnTensor, tensorBytes } from './export.ts';
import { isNpyType, npyHeader } from './npy.ts';

/**
 * Writes the tensors of a checkpoint as a `.npz` file, which `numpy.load` opens: an uncompressed ZIP archive
 * with a file `<name>.npy` for each. Values pass through in pieces; the file appears whole or not at all.
 * Strings and types that NumPy does not have (bfloat16, 8-bit floats, quantised numbers) are left out.
 * @throws {UsageError} where the file cannot be written, or is one of the checkpoint.
 * @throws {DataError} where the checkpoint is damaged.
 */
export async function writeNpz(path: string, checkpoint: Checkpoint, onTensor?: OnTensor): Promise<Exported> {
  const { held, leftOut } = divideTensors(
    checkpoint,
    (info) => isNpyType(info.dtype) && isTextName(info.name),
  );
  await requireOutput(path, { inputs: await checkpointInputs(checkpoint.path) });
  await streamFileAtomic(path, async (file) => {
    const zip = new ZipWriter(file);
    for (const [i, info] of held.entries()) {
      await zip.add(`${info.name}.npy`, npyFile(checkpoint, info));
      onTensor?.(i + 1, held.length);
    }
    await zip.finish();
  });
  return { written: held.length, leftOut };
}

async function* npyFile(
  checkpoint: Checkpoint,
  { name, dtype, shape }: TensorInfo,
): AsyncGenerator<Uint8Array> {
  yield npyHeader(dtype, shape);
  yield* tensorBytes(checkpoint, name);
}
