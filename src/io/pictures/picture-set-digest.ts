import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { PictureSource } from './picture-source.ts';

/**
 * Tells sets of pictures apart: SHA-256 over the names and sizes of their files, in order, and over a file that goes with
 * them, such as their labels. In which folder they lie does not matter.
 */
export async function pictureSetDigest(
  source: Pick<PictureSource, 'files'>,
  companion?: string,
): Promise<string> {
  const hash = createHash('sha256');
  for (const file of source.files) hash.update(`${basename(file)} ${(await stat(file)).size}\n`);
  if (companion !== undefined) hash.update(await readFile(companion));
  return hash.digest('hex');
}
