import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { withSlashes } from './paths.ts';

/** All files in a directory and those below it. `below` is the path there, with slashes. */
export async function filesBelow(directory: string): Promise<{ path: string; below: string }[]> {
  const names = await readdir(directory, { recursive: true });
  return names.map((name) => ({ path: join(directory, name), below: withSlashes(name) }));
}
