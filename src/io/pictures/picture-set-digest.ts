import { fileSetDigest } from '../files/file-set-digest.ts';
import type { PictureSource } from './picture-source.ts';

/**
 * Tells sets of pictures apart: SHA-256 over the names and sizes of their files on disk, in order, and over a file that goes
 * with them, such as their labels.
 */
export function pictureSetDigest(
  source: Pick<PictureSource, 'files' | 'labels'>,
  companion: string | undefined = source.labels,
): Promise<string> {
  return fileSetDigest(source.files, companion);
}
