import type { FileHandle } from 'node:fs/promises';
import { explained } from './write-failure.ts';

/** The most one write call may be given: runtimes refuse 2 GiB and above. */
const MAX_WRITE = 2 ** 30;

/** Writes all of `bytes` at a position of an open file; `path` is what errors call it. */
export async function writeAt(
  handle: FileHandle,
  position: number,
  bytes: Uint8Array,
  path: string,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(bytes.length - done, MAX_WRITE);
    const { bytesWritten } = await explained(path, handle.write(bytes, done, length, position + done));
    done += bytesWritten;
  }
}
