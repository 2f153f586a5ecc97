import type { Checkpoint } from './checkpoint-types.ts';
import { locateOnDisk } from './locate-on-disk.ts';
import { type OpenOptions, openLocated } from './open-located.ts';

export type { OpenOptions } from './open-located.ts';

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
  return openLocated(await locateOnDisk(path, options), path, options);
}
