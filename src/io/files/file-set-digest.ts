import { stat } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { sha256 } from './hash.ts';
import { withSlashes } from './paths.ts';
import { readBytes } from './read-file.ts';

/**
 * Tells sets of files apart: SHA-256 over their names and sizes, in order, and over a file that goes with them, such as
 * labels of pictures. Names are paths below the folder that all files lie in; where that is does not matter.
 */
export function fileSetDigest(files: readonly string[], companion?: string): Promise<string> {
  return sha256(describe(files, companion));
}

async function* describe(
  files: readonly string[],
  companion: string | undefined,
): AsyncGenerator<string | Uint8Array> {
  const folder = commonFolder(files);
  for (const file of files) {
    yield `${withSlashes(relative(folder, file))} ${(await stat(file)).size}\n`;
  }
  if (companion !== undefined) yield await readBytes(companion);
}

function commonFolder(files: readonly string[]): string {
  let folder = dirname(files[0] ?? '.');
  for (const file of files) {
    while (relative(folder, file).startsWith('..') && folder !== dirname(folder)) folder = dirname(folder);
  }
  return folder;
}
