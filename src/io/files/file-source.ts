import { type FileHandle, open } from 'node:fs/promises';
import { DataError } from '../../base/errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import { ByteSource } from '../bytes/byte-source.ts';
import { explainReadFailure } from './read-failure.ts';

/** The most one read call may ask for: runtimes refuse 2 GiB and above. */
const MAX_READ = 2 ** 30;

/** A file on disk, by its path. */
export function diskFile(path: string): ByteFile {
  return { name: path, open: () => openFile(path) };
}

/**
 * Opens a file on disk.
 * @param file what errors are to call it
 * @throws {DataError} when there is no such file or it cannot be opened.
 */
export async function openFile(path: string, file = path): Promise<ByteSource> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const stats = await handle.stat();
    if (!stats.isFile()) throw new DataError('is not a regular file', { file });
    return new ByteSource(file, fileStore(handle, stats.size));
  } catch (error) {
    await handle?.close();
    if (error instanceof DataError) throw error;
    throw explainReadFailure(file, error as NodeJS.ErrnoException);
  }
}

function fileStore(handle: FileHandle, size: number) {
  return {
    size,
    async readInto(position: number, target: Uint8Array): Promise<number> {
      const { bytesRead } = await handle.read(target, 0, Math.min(target.length, MAX_READ), position);
      return bytesRead;
    },
    close: () => handle.close(),
  };
}
