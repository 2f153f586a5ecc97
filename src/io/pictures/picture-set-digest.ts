import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';
import type { PictureSource } from './picture-source.ts';

/**
 * Tells sets of pictures apart: SHA-256 over the names and sizes of their files, in order, and over a file that goes with
 * them, such as their labels. Names are paths below the folder that all files lie in; where that is does not matter.
 */
export async function pictureSetDigest(
  source: Pick<PictureSource, 'files'>,
  companion?: string,
): Promise<string> {
  const hash = createHash('sha256');
  const folder = commonFolder(source.files);
  for (const file of source.files) {
    const name = relative(folder, file).split(sep).join('/');
    hash.update(`${name} ${(await stat(file)).size}\n`);
  }
  if (companion !== undefined) hash.update(await readFile(companion));
  return hash.digest('hex');
}

function commonFolder(files: readonly string[]): string {
  let folder = dirname(files[0] ?? '.');
  for (const file of files) {
    while (relative(folder, file).startsWith('..') && folder !== dirname(folder)) folder = dirname(folder);
  }
  return folder;
}
