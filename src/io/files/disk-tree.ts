import { readdir, stat } from 'node:fs/promises';
import type { FileTree } from '../archive/file-tree.ts';
import { openFile } from './file-source.ts';
import { explainReadFailure } from './read-failure.ts';

/** The files on disk, by their usual paths. */
export const diskTree: FileTree = {
  async kind(path) {
    const stats = await unlessAbsent(path, stat(path === '' ? '.' : path));
    if (stats === undefined) return undefined;
    if (stats.isFile()) return 'file';
    return stats.isDirectory() ? 'directory' : 'other';
  },
  async list(directory) {
    const reading = readdir(directory === '' ? '.' : directory, { withFileTypes: true });
    const entries = (await unlessAbsent(directory, reading)) ?? [];
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  },
  open: (path) => openFile(path),
  describe: (path) => path,
  async close() {},
};

/** Undefined for what is not there. @throws {DataError} for what is there, perhaps, but cannot be looked at. */
async function unlessAbsent<T>(path: string, looking: Promise<T>): Promise<T | undefined> {
  return looking.catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
    throw explainReadFailure(path, cause);
  });
}
