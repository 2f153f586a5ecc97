import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withSlashes } from './paths.ts';

/** All files in a directory and those below it. `below` is the path there, with slashes. */
export async function filesBelow(directory: string): Promise<{ path: string; below: string }[]> {
  const names = await readdir(directory, { recursive: true });
  return names.map((name) => ({ path: join(directory, name), below: withSlashes(name) }));
}

/** Names of what is in a directory; none where there is no such directory. */
export async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

/** Removes a file, where it is there. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}
