import type { ByteSource } from '../bytes/byte-source.ts';
import { NotThereError, openUrl } from '../bytes/url-source.ts';
import type { FileTree } from './file-tree.ts';
import type { Spool, Unpacking } from './unpacking.ts';

/** The files of a web server, by their URLs without a query. What is in a directory there cannot be asked. */
export class UrlTree implements FileTree {
  readonly #query: string;
  /** Takes in what a server does not send in parts. */
  readonly #spool: Spool;
  readonly #opened = new Map<string, Promise<ByteSource>>();

  /** @param query goes with every request, such as what a signed URL ends with */
  constructor(query: string, unpacking: Unpacking) {
    this.#query = query;
    this.#spool = unpacking.openSpool(Number.POSITIVE_INFINITY);
  }

  async kind(path: string): Promise<'file' | 'directory' | undefined> {
    if (path.endsWith('/')) return 'directory';
    try {
      await this.open(path);
      return 'file';
    } catch (error) {
      if (error instanceof NotThereError) return undefined;
      throw error;
    }
  }

  async list(): Promise<string[]> {
    return [];
  }

  /** A source of the same URL is the same, so that what has come is not asked for again. It is closed with the tree. */
  async open(path: string): Promise<ByteSource> {
    const opened =
      this.#opened.get(path) ?? openUrl(`${path}${this.#query}`, (chunks) => this.#spool.add(chunks));
    this.#opened.set(path, opened);
    const source = await opened;
    return source.region(0, source.size, path);
  }

  describe(path: string): string {
    return path;
  }

  async close(): Promise<void> {
    for (const opened of this.#opened.values()) {
      // One that could not be opened has told so to whoever asked for it.
      await opened.then(
        (source) => source.close(),
        () => {},
      );
    }
    await this.#spool.close();
  }
}
