import type { Checkpoint } from '../checkpoint/checkpoint-types.ts';
import type { Exported, OnTensor } from './export.ts';
import { npzFile } from './npz-file.ts';
import { writeTensorFile } from './write-tensor-file.ts';

/**
 * Writes the tensors of a checkpoint as a `.npz` file, see `npzFile`. Values pass through in pieces; the file appears whole
 * or not at all.
 * @throws {UsageError} where the file cannot be written, is one of the checkpoint, or would have more than 4 GiB.
 * @throws {DataError} where the checkpoint is damaged.
 */
export function writeNpz(path: string, checkpoint: Checkpoint, onTensor?: OnTensor): Promise<Exported> {
  return writeTensorFile(path, checkpoint, () => npzFile(checkpoint, onTensor));
}
