import { trainingStep, writeCheckpointDirectory } from '../io/checkpoint/checkpoint-directory.ts';
import type { Checkpoint } from '../io/checkpoint/checkpoint-types.ts';
import type { NamedTensor } from '../io/checkpoint/write-checkpoint.ts';
import type { DirectoryOptions } from '../io/files/atomic-directory.ts';
import { exportCompanions } from './export-metadata.ts';

/**
 * Writes what became of a checkpoint's tensors into a new directory, of the same training step, and with what shows in no shape
 * beside it.
 * @throws {UsageError} where the directory exists and may not be replaced, or a tensor is none that can be written.
 */
export async function writeCopy(
  checkpoint: Checkpoint,
  directory: string,
  tensors: AsyncIterable<NamedTensor>,
  options: DirectoryOptions = {},
): Promise<void> {
  const beside = await exportCompanions(checkpoint);
  await writeCheckpointDirectory(directory, tensors, await trainingStep(checkpoint), { ...options, beside });
}
