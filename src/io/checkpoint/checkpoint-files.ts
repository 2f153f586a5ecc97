import { BlobBuilder } from '../bytes/blob-builder.ts';
import { type NamedTensor, type WriteOptions, writeBundle } from './write-bundle.ts';

/**
 * The files of a V2 checkpoint that TensorFlow can restore, where there is no disk to write it to: the data shards,
 * `NAME.index` and the state file `checkpoint`. `openCheckpoint` opens them, as they are.
 * @param name of the checkpoint: `model.ckpt-1000`
 * @throws {UsageError} for a name that is empty or comes twice, an unknown dtype, or data that does not fit the shape.
 */
export async function checkpointFiles(
  name: string,
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
  options: WriteOptions = {},
): Promise<File[]> {
  const files: File[] = [];
  await writeBundle(name, tensors, options, async (path) => {
    const builder = new BlobBuilder();
    return {
      path,
      write: async (bytes) => void builder.add(bytes),
      async finish() {},
      commit: async () => void files.push(new File([builder.finish()], path)),
      async abort() {},
    };
  });
  return files;
}
