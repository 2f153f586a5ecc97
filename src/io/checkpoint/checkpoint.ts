import { isWebAddress } from '../bytes/given-bytes.ts';
import { diskUnpacking } from '../files/disk-unpacking.ts';
import { pathOfFileUrl } from '../files/paths.ts';
import type { Checkpoint } from './checkpoint-types.ts';
import { locateOnDisk } from './locate-on-disk.ts';
import { type CheckpointInput, openInput } from './open-input.ts';
import { type OpenOptions, openLocated } from './open-located.ts';

export type { CheckpointInput } from './open-input.ts';
export type { OpenOptions } from './open-located.ts';

/**
 * Opens a TensorFlow checkpoint of either format (V2 "tensor bundle" or V1), or a safetensors file, for reading; no values
 * are read yet.
 * @param input a path: a prefix (`model.ckpt-1000`), any file of the checkpoint, a directory with a `checkpoint` state file
 *   or `.index` files, a `.safetensors` file or a directory with one, a SavedModel or its `variables` directory, or a `.tar`
 *   or `.tar.gz` with one of these;
 *   `archive.tar/inner/path` picks one of several in an archive. A plain tar is read in place; a gzipped one is
 *   unpacked to a temporary directory, which `close` removes. A URL of one of these, as `URL` or `https://…`: read by range
 *   requests where the server answers them, else fetched whole. Or an archive as Blob or bytes, or the files of a folder.
 * @throws {DataError} when there is no checkpoint, or its index is damaged. Data shards are not looked at before a
 *   tensor in them is read.
 */
export async function openCheckpoint(
  input: string | CheckpointInput,
  options: OpenOptions = {},
): Promise<Checkpoint> {
  if (typeof input === 'string' && isWebAddress(input)) return openCheckpoint(new URL(input), options);
  if (input instanceof URL && input.protocol === 'file:')
    return openCheckpoint(pathOfFileUrl(input), options);
  if (typeof input !== 'string') return openInput(input, diskUnpacking, options);
  const path = options.member === undefined ? input : `${input}/${options.member}`;
  return openLocated(await locateOnDisk(path, options), input, options);
}
