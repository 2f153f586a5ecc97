import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';

/** Files that are asked about at a time. */
const AT_ONCE = 64;

/**
 * Tells whether files are as they were: SHA-256 over their sizes and times of modification, in nanoseconds, in the order of
 * the files. It is another one on another machine, and after a copy that does not keep times. What is no file, as of a source
 * in memory, has no state.
 */
export async function fileStatesDigest(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const states = await Promise.all(
      files.slice(start, start + AT_ONCE).map((file) => stat(file, { bigint: true }).catch(() => undefined)),
    );
    for (const state of states) hash.update(`${state?.size} ${state?.mtimeNs}\n`);
  }
  return hash.digest('hex');
}

/** Whether a file is there that was written after all the others were; what of them is no file does not count. */
export async function isNewerThan(path: string, files: readonly string[]): Promise<boolean> {
  const own = await timeOf(path);
  if (own === undefined) return false;
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const times = await Promise.all(files.slice(start, start + AT_ONCE).map(timeOf));
    if (times.some((time) => time !== undefined && time > own)) return false;
  }
  return true;
}

async function timeOf(file: string): Promise<bigint | undefined> {
  const state = await stat(file, { bigint: true }).catch(() => undefined);
  return state?.isFile() ? state.mtimeNs : undefined;
}
