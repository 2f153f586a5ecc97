import { openBundle } from './bundle.ts';
import { CheckpointReader } from './checkpoint-reader.ts';
import type { Checkpoint } from './checkpoint-types.ts';
import { locateCheckpoint } from './locate.ts';
import { openV1 } from './v1.ts';

export interface OpenOptions {
  /** Verify the checksums of the index and of all tensors that are read. Default true. */
  readonly verify?: boolean;
  /**
   * Bytes that a gzipped archive may fill of the disk when it is unpacked, blocks of zeros not counted. Default: 100 times
   * its own, at least 64 MiB.
   */
  readonly maxUnpackedBytes?: number;
}

/**
 * Opens a TensorFlow checkpoint of either format (V2 "tensor bundle" or V1) for reading; no values are read yet.
 * @param path a prefix (`model.ckpt-1000`), any file of the checkpoint, a directory with a `checkpoint` state file
 *   or `.index` files, a SavedModel or its `variables` directory, or a `.tar` or `.tar.gz` with one of these;
 *   `archive.tar/inner/path` picks one of several in an archive. A plain tar is read in place; a gzipped one is
 *   unpacked to a temporary directory, which `close` removes.
 * @throws {DataError} when there is no checkpoint, or its index is damaged. Data shards are not looked at before a
 *   tensor in them is read.
 */
export async function openCheckpoint(path: string, options: OpenOptions = {}): Promise<Checkpoint> {
  const { verify = true } = options;
  const { tree, checkpoint } = await locateCheckpoint(path, options);
  try {
    const store =
      checkpoint.format === 'V2'
        ? await openBundle(tree, checkpoint.prefix, verify)
        : await openV1(tree, checkpoint.files, verify);
    return new CheckpointReader(path, store, () => tree.close());
  } catch (error) {
    await tree.close();
    throw error;
  }
}
