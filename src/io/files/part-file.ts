import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { writeFileAtomic } from './atomic-file.ts';
import { writeAt } from './write-at.ts';
import { explainWriteFailure } from './write-failure.ts';

/** What a server said of the file it sends. */
export interface RemoteFile {
  /** In bytes; undefined where it did not say. */
  readonly size?: number;
  /** A strong ETag or a date of modification: while the server has the same, it has the same bytes. */
  readonly validator?: string;
  /** Of all bytes, in base64. */
  readonly md5?: string;
}

/**
 * The first bytes of a file that is being downloaded, in `<file>.part`, with what the server said of it in `<file>.part.json`;
 * both survive an interruption.
 */
export class PartFile {
  readonly path: string;
  /** How many bytes have come. */
  length: number;
  remote: RemoteFile;
  readonly #url: string;
  readonly #target: string;
  readonly #handle: FileHandle;

  private constructor(url: string, target: string, handle: FileHandle, length: number, remote: RemoteFile) {
    this.#url = url;
    this.#target = target;
    this.#handle = handle;
    this.path = `${target}.part`;
    this.length = length;
    this.remote = remote;
  }

  /** Opens what has come of a file before; it counts only where it can be told to be of the same file. */
  static async open(url: string, target: string): Promise<PartFile> {
    const handle = await open(`${target}.part`, constants.O_RDWR | constants.O_CREAT).catch((cause) => {
      throw explainWriteFailure(`${target}.part`, cause);
    });
    const { size: length } = await handle.stat();
    const remote = await readState(`${target}.part.json`, url);
    const goesOn = remote?.validator !== undefined && length <= (remote.size ?? Number.POSITIVE_INFINITY);
    return goesOn
      ? new PartFile(url, target, handle, length, remote)
      : new PartFile(url, target, handle, 0, {});
  }

  /** Drops what has come. */
  async restart(remote: RemoteFile = {}): Promise<void> {
    this.length = 0;
    this.remote = remote;
    await rm(this.#statePath, { force: true });
    await this.#handle.truncate(0);
    await writeFileAtomic(this.#statePath, JSON.stringify({ url: this.#url, ...remote }));
  }

  async append(bytes: Uint8Array): Promise<void> {
    await writeAt(this.#handle, this.length, bytes, this.path);
    this.length += bytes.length;
  }

  /** Makes sure that what has come is on the disk, and closes the file. */
  async close(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
  }

  /** Gives the file its name, once it is closed. */
  async finish(): Promise<void> {
    await rename(this.path, this.#target);
    await rm(this.#statePath, { force: true });
  }

  /** Removes everything, once it is closed. */
  async remove(): Promise<void> {
    await rm(this.path, { force: true });
    await rm(this.#statePath, { force: true });
  }

  get #statePath(): string {
    return `${this.path}.json`;
  }
}

async function readState(path: string, url: string): Promise<RemoteFile | undefined> {
  try {
    const { url: from, ...remote } = JSON.parse(await readFile(path, 'utf8'));
    return from === url ? remote : undefined;
  } catch {
    return undefined;
  }
}
