import { type DirectoryOptions, writeDirectoryAtomic } from '../files/atomic-directory.ts';
import { writeFileAtomic } from '../files/atomic-file.ts';
import { pathIn } from '../files/paths.ts';
import type { Checkpoint } from './checkpoint-types.ts';
import { type NamedTensor, writeCheckpoint } from './write-checkpoint.ts';

/** What goes with a checkpoint into its directory. */
export interface CheckpointDirectoryOptions extends DirectoryOptions {
  /** Texts that lie beside it, by the names of their files. */
  readonly beside?: ReadonlyMap<string, string> | undefined;
}

/**
 * Writes tensors as a V2 checkpoint into a new directory, which appears whole or not at all:
 * `model.ckpt-<step>` and the state file that names it. One tensor at a time is in memory.
 * @throws {UsageError} where the directory exists, or a tensor is none that can be written.
 */
export async function writeCheckpointDirectory(
  directory: string,
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
  step = 0,
  { beside = new Map(), ...options }: CheckpointDirectoryOptions = {},
): Promise<void> {
  const write = async (inside: string) => {
    await writeCheckpoint(pathIn(inside, `model.ckpt-${step}`), tensors);
    for (const [name, text] of beside) await writeFileAtomic(pathIn(inside, name), text);
  };
  await writeDirectoryAtomic(directory, write, options);
}

/** Number of the training step that a checkpoint was saved at; 0 where it does not say. */
export async function trainingStep(checkpoint: Checkpoint): Promise<number> {
  if (!checkpoint.names().includes('global_step')) return 0;
  const { data } = await checkpoint.read('global_step');
  const step = Number(data[0]);
  return Number.isSafeInteger(step) && step >= 0 ? step : 0;
}
