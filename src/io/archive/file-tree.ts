import { DataError } from '../../base/errors.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { MemberOpener } from './unpacking.ts';

/** The files a checkpoint is looked for in: the disk or an archive. Paths are separated by `/`. */
export interface FileTree {
  /** What there is of this path; `other` is what cannot be read by position. */
  kind(path: string): Promise<'file' | 'directory' | 'other' | undefined>;
  /** Names of the files directly in a directory; `''` is the current one, or the top of an archive. */
  list(directory: string): Promise<string[]>;
  open(path: string): Promise<ByteSource>;
  /** What messages call a file. */
  describe(path: string): string;
  close(): Promise<void>;
}

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

  async kind(path: string): Promise<'file' | 'directory' | undefined> {
    if (this.#members.has(path)) return 'file';
    return path === '' || this.paths().some((file) => file.startsWith(`${path}/`)) ? 'directory' : undefined;
  }

  async list(directory: string): Promise<string[]> {
    const inside = directory === '' ? '' : `${directory}/`;
    return this.paths()
      .filter((path) => path.startsWith(inside) && !path.slice(inside.length).includes('/'))
      .map((path) => path.slice(inside.length));
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
