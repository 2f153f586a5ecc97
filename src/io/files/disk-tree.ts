import { readdir, stat } from 'node:fs/promises';
import type { FileTree } from '../archive/file-tree.ts';
import { openFile } from './file-source.ts';

/** The files on disk, by their usual paths. */
export const diskTree: FileTree = {
  async kind(path) {
    const stats = await stat(path === '' ? '.' : path).catch(() => undefined);
    if (stats === undefined) return undefined;
    if (stats.isFile()) return 'file';
    return stats.isDirectory() ? 'directory' : 'other';
  },
  async list(directory) {
    try {
      const entries = await readdir(directory === '' ? '.' : directory, { withFileTypes: true });
      return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
    } catch {
      return [];
    }
  },
  open: (path) => openFile(path),
  describe: (path) => path,
  async close() {},
};
