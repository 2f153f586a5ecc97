import {
  type CheckpointInput,
  type OpenOptions,
  openCheckpoint as open,
} from '../io/checkpoint/checkpoint.ts';
import type { Checkpoint } from '../io/checkpoint/checkpoint-types.ts';
import { checkpointPath, type NameOptions } from './checkpoint-path.ts';

/** How a checkpoint is opened, and fetched where it must be. */
export interface OpenNamedOptions extends OpenOptions {
  /** Where a published checkpoint comes from, and who is to hear of it. */
  readonly published?: NameOptions | undefined;
}

/**
 * Opens a checkpoint for reading, as `openCheckpoint` of `tsos/io` does, which tells what an input may be. Here it may also be the
 * name of a published checkpoint: what the cache has of it, else what is fetched.
 * @throws {DataError} where there is no checkpoint, or its index is damaged. {UsageError} for a name that is none. And what
 *   `fetchCheckpoint` throws.
 */
export async function openCheckpoint(
  input: string | CheckpointInput,
  { published, ...options }: OpenNamedOptions = {},
): Promise<Checkpoint> {
  return open(typeof input === 'string' ? await checkpointPath(input, published) : input, options);
}
