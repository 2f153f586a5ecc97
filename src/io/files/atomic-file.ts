import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TsosError, UsageError } from '../../base/errors.ts';

/** The most one write call may be given: runtimes refuse 2 GiB and above. */
const MAX_WRITE = 2 ** 30;

/**
 * Writes a file so that it appears whole or not at all: under a temporary name beside it, renamed at the end. On
 * failure nothing is left behind and an older file of that name stays as it was.
 * @throws {UsageError} when the directory cannot be written to, {TsosError} when the disk is full.
 */
export function writeFileAtomic(path: string, data: Uint8Array | string): Promise<void> {
  return streamFileAtomic(path, (file) =>
    file.write(typeof data === 'string' ? new TextEncoder().encode(data) : data),
  );
}

/** As `writeFileAtomic`, for a file that is written piece by piece. */
export async function streamFileAtomic<T>(path: string, write: (file: AtomicFile) => Promise<T>): Promise<T> {
  const file = await AtomicFile.create(path);
  try {
    const result = await write(file);
    await file.commit();
    return result;
  } catch (error) {
    await file.abort();
    throw error;
  }
}

/**
 * Where writing to `path` really goes: through symbolic links, and only to a regular file or to a new one. A device or pipe
 * would be replaced by a file.
 * @throws {UsageError} for anything else.
 */
export async function replaceableFile(path: string): Promise<string> {
  const target = await realpath(path).catch(() => path);
  const found = await stat(target).catch(() => undefined);
  if (found === undefined || found.isFile()) return target;
  if (found.isDirectory()) throw new UsageError(`${path}: is a directory; name a file in it`);
  throw new UsageError(`${path}: is no regular file; write to standard output and redirect that instead`);
}

/**
 * Finds out before a long work whether its result can be written at the end.
 * @throws {UsageError} where it cannot.
 */
export async function requireWritable(path: string): Promise<void> {
  await (await AtomicFile.create(path)).abort();
}

/** A file written piece by piece that gets its name at `commit`; `abort` removes what was written. */
export class AtomicFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  #length = 0;
  #open = true;

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  static async create(path: string): Promise<AtomicFile> {
    const target = await replaceableFile(path);
    // Not made of the name itself, which may already be as long as a file system allows.
    const temporary = join(dirname(target), `.tsos-${randomBytes(8).toString('hex')}.tmp`);
    const handle = await explained(path, open(temporary, 'wx'));
    return new AtomicFile(target, temporary, handle);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await writeAt(this.#handle, this.#length, bytes, this.path);
    this.#length += bytes.length;
  }

  /** Makes sure that everything is on the disk. */
  async finish(): Promise<void> {
    await explained(this.path, this.#handle.sync());
    await this.#close();
  }

  /** Finishes and gives the file its name. */
  async commit(): Promise<void> {
    if (this.#open) await this.finish();
    await explained(this.path, rename(this.#temporary, this.path));
  }

  /** Removes what was written; does nothing after `commit`. */
  async abort(): Promise<void> {
    await this.#close();
    await rm(this.#temporary, { force: true });
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#handle.close();
  }
}

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

/** The error to throw for a failed write: says which file, why, and what to do. */
export function explainWriteFailure(path: string, cause: NodeJS.ErrnoException): TsosError {
  switch (cause.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new TsosError(`${path}: the disk is full; free some space or write to another one`, { cause });
    case 'ENOENT':
    case 'ENOTDIR':
      return new UsageError(`${path}: the directory does not exist; make it first`, { cause });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new UsageError(`${path}: no permission to write there; choose another place`, { cause });
    case 'EISDIR':
    case 'ENOTEMPTY':
      return new UsageError(`${path}: is a directory; give a file name`, { cause });
    default:
      return new TsosError(`${path}: cannot be written (${cause.message})`, { cause });
  }
}

async function explained<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw explainWriteFailure(path, error as NodeJS.ErrnoException);
  }
}
