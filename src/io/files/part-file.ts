import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TsosError } from '../../base/errors.ts';
import { fields, optional, text, whole } from '../../base/json-shape.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { makeFolder } from './make-folder.ts';
import { readJson } from './read-json.ts';
import { writeAt } from './write-at.ts';
import { explainWriteFailure } from './write-failure.ts';

/** What a server said of the file it sends. */
export interface RemoteFile {
  /** In bytes; undefined where it did not say. */
  readonly size?: number;
  /** A strong ETag or a date of modification: while the server has the same, it has the same bytes. */
  readonly validator?: string;
  /** Of all bytes, in hexadecimal. */
  readonly md5?: string;
  /** Of all bytes. */
  readonly crc32c?: number;
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
    await makeParent(target);
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
    if ((await this.#handle.stat()).size > 0) await this.#handle.truncate(0);
    await writeFileAtomic(this.#statePath, JSON.stringify({ url: this.#url, ...remote }));
  }

  async append(bytes: Uint8Array): Promise<void> {
    await writeAt(this.#handle, this.length, bytes, this.path);
    this.length += bytes.length;
  }

  /** @throws {TsosError} where what is missing does not fit on the disk. */
  async assertSpace(): Promise<void> {
    if (this.remote.size === undefined) return;
    const { bavail, bsize } = await statfs(dirname(this.path));
    const missing = this.remote.size - this.length;
    if (missing <= bavail * bsize) return;
    throw new TsosError(
      `${this.path}: ${missing} bytes are still to come and only ${bavail * bsize} are free; make room or choose another --cache`,
    );
  }

  /** Makes sure that what has come is on the disk. */
  async flush(): Promise<void> {
    await this.#handle.sync().catch((cause) => {
      throw explainWriteFailure(this.path, cause);
    });
  }

  async close(): Promise<void> {
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

/** Makes the folder of a file where there is none. @throws {UsageError} where that cannot be. */
export async function makeParent(path: string): Promise<void> {
  await makeFolder(dirname(path));
}

const STATE = fields({
  url: text(),
  size: optional(whole()),
  validator: optional(text()),
  md5: optional(text()),
  crc32c: optional(whole()),
});

/** Undefined where there is none that can be read, or it is of another place. */
async function readState(path: string, url: string): Promise<RemoteFile | undefined> {
  const state = await readJson(path, STATE, 'state of a download').catch(() => undefined);
  if (state?.url !== url) return undefined;
  const { url: _, ...remote } = state;
  return remote;
}
