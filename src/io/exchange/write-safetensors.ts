import type { Checkpoint } from '../checkpoint/checkpoint-types.ts';
import type { Exported, OnTensor } from './export.ts';
import { safetensorsFile } from './safetensors-file.ts';
import { writeTensorFile } from './write-tensor-file.ts';

/**
 * Writes the tensors of a checkpoint as a safetensors file, see `safetensorsFile`. Values pass through in pieces; the file
 * appears whole or not at all.
 * @throws {UsageError} where the file cannot be written, or is one of the checkpoint.
 * @throws {DataError} where the checkpoint is damaged.
 */
export function writeSafetensors(
  path: string,
  checkpoint: Checkpoint,
  onTensor?: OnTensor,
  metadata?: Readonly<Record<string, string>>,
): Promise<Exported> {
  return writeTensorFile(path, checkpoint, () => safetensorsFile(checkpoint, onTensor, metadata));
}
