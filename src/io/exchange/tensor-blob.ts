import { BlobBuilder } from '../bytes/blob-builder.ts';
import type { Checkpoint } from '../checkpoint/checkpoint-types.ts';
import type { Exported, OnTensor, TensorFile } from './export.ts';
import { npzFile } from './npz-file.ts';
import { safetensorsFile } from './safetensors-file.ts';

const FORMATS: Record<'safetensors' | 'npz', (checkpoint: Checkpoint, onTensor?: OnTensor) => TensorFile> = {
  safetensors: safetensorsFile,
  npz: npzFile,
};

/**
 * A checkpoint in another format, where there is no disk to write it to.
 * @throws {DataError} where the checkpoint is damaged.
 */
export async function tensorBlob(
  checkpoint: Checkpoint,
  format: 'safetensors' | 'npz',
  onTensor?: OnTensor,
): Promise<Exported & { readonly blob: Blob }> {
  const { written, leftOut, pieces } = FORMATS[format](checkpoint, onTensor);
  const builder = new BlobBuilder();
  for await (const piece of pieces) builder.add(piece);
  return { written, leftOut, blob: builder.finish() };
}
