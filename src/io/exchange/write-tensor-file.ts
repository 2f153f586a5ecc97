import { checkpointInputs } from '../checkpoint/checkpoint-inputs.ts';
import type { Checkpoint } from '../checkpoint/checkpoint-types.ts';
import { streamFileAtomic } from '../files/atomic-file.ts';
import { requireOutput } from '../files/output.ts';
import type { Exported, TensorFile } from './export.ts';

/**
 * Writes a checkpoint in another format.
 * @throws {UsageError} where the file cannot be written, or is one of the checkpoint.
 */
export async function writeTensorFile(
  path: string,
  checkpoint: Checkpoint,
  make: () => TensorFile,
): Promise<Exported> {
  await requireOutput(path, { inputs: await checkpointInputs(checkpoint.path) });
  const { written, leftOut, pieces } = make();
  await streamFileAtomic(path, async (file) => {
    for await (const piece of pieces) await file.write(piece);
  });
  return { written, leftOut };
}
