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
