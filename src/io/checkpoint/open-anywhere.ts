import { portableUnpacking } from '../archive/portable-unpacking.ts';
import { urlOfPage } from '../bytes/given-bytes.ts';
import type { Checkpoint } from './checkpoint-types.ts';
import { type CheckpointInput, openInput } from './open-input.ts';
import type { OpenOptions } from './open-located.ts';

/**
 * Opens a TensorFlow checkpoint of either format (V2 "tensor bundle" or V1) where there is no file system; no values are
 * read yet.
 * @param input an archive (`.tar`, `.tar.gz`) as Blob or bytes; the files of a checkpoint, or of a folder with one; or the
 *   URL, relative to the page where it is a string, of an archive, of a prefix (`model.ckpt-1000`), of any file of a
 *   checkpoint or, ending in a slash, of a directory with a `checkpoint` state file. A plain tar is read in place, by `slice`
 *   or by range requests, where the server answers them; a gzipped one is unpacked into Blobs, which browsers keep on disk.
 * @throws {DataError} when there is no checkpoint, or its index is damaged. Data shards are not looked at before a
 *   tensor in them is read.
 */
export function openCheckpoint(
  input: string | CheckpointInput,
  options: OpenOptions = {},
): Promise<Checkpoint> {
  const given = typeof input === 'string' ? urlOfPage(input) : input;
  return openInput(given, portableUnpacking, options);
}
