import { type DirectoryOptions, writeDirectoryAtomic } from '../files/atomic-directory.ts';
import { pathIn } from '../files/paths.ts';
import type { Checkpoint } from './checkpoint-types.ts';
import { type NamedTensor, writeCheckpoint } from './write-checkpoint.ts';

/**
 * Writes tensors as a V2 checkpoint into a new directory, which appears whole or not at all:
 * `model.ckpt-<step>` and the state file that names it. One tensor at a time is in memory.
 * @throws {UsageError} where the directory exists, or a tensor is none that can be written.
 */
export async function writeCheckpointDirectory(
  directory: string,
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
  step = 0,
  options: DirectoryOptions = {},
): Promise<void> {
  await writeDirectoryAtomic(
    directory,
    (inside) => writeCheckpoint(pathIn(inside, `model.ckpt-${step}`), tensors),
    options,
  );
}

/** Number of the training step that a checkpoint was saved at; 0 where it does not say. */
export async function trainingStep(checkpoint: Checkpoint): Promise<number> {
  if (!checkpoint.names().includes('global_step')) return 0;
  const { data } = await checkpoint.read('global_step');
  const step = Number(data[0]);
  return Number.isSafeInteger(step) && step >= 0 ? step : 0;
}
