import { readdir, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { DataError } from '../../base/errors.ts';
import { ByteSource } from '../bytes/byte-source.ts';

/** The files a checkpoint is looked for in: the disk or an archive. Paths are separated by `/`. */
export interface FileTree {
  /** Whether there is a regular file of this path. */
  exists(path: string): Promise<boolean>;
  /** Names of the files directly in a directory; `''` is the current one, or the top of an archive. */
  list(directory: string): Promise<string[]>;
  open(path: string): Promise<ByteSource>;
  /** What messages call a file. */
  describe(path: string): string;
  close(): Promise<void>;
}

/** The files on disk, by their usual paths. */
export const diskTree: FileTree = {
  async exists(path) {
    const stats = await stat(path).catch(() => undefined);
    return stats?.isFile() ?? false;
  },
  async list(directory) {
    try {
      const entries = await readdir(directory === '' ? '.' : directory, { withFileTypes: true });
      return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
    } catch {
      return [];
    }
  },
  open: (path) => ByteSource.open(path),
  describe: (path) => path,
  async close() {},
};

/** Opens one file of an archive; `label` is what errors are to call it. */
export type MemberOpener = (label: string) => Promise<ByteSource>;

/** The files of an archive. */
export class ArchiveTree implements FileTree {
  readonly #archive: string;
  readonly #members: ReadonlyMap<string, MemberOpener>;
  readonly #close: () => Promise<void>;

  constructor(archive: string, members: ReadonlyMap<string, MemberOpener>, close: () => Promise<void>) {
    this.#archive = archive;
    this.#members = members;
    this.#close = close;
  }

  /** Paths of all files. */
  paths(): string[] {
    return [...this.#members.keys()];
  }

  async exists(path: string): Promise<boolean> {
    return this.#members.has(path);
  }

  async list(directory: string): Promise<string[]> {
    const inside = directory === '' ? '' : `${directory}/`;
    return this.paths()
      .filter((path) => path.startsWith(inside) && !path.slice(inside.length).includes('/'))
      .map((path) => basename(path));
  }

  async open(path: string): Promise<ByteSource> {
    const member = this.#members.get(path);
    if (member === undefined) throw new DataError('there is no such file', { file: this.describe(path) });
    return member(this.describe(path));
  }

  describe(path: string): string {
    return path === '' ? this.#archive : `${this.#archive}/${path}`;
  }

  close(): Promise<void> {
    return this.#close();
  }
}
