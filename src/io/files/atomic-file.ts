import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { OutputFile } from './output-file.ts';
import { type OutputPlace, outputPlace } from './output-place.ts';
import { StreamFile } from './stream-file.ts';
import { temporaryPath } from './temporary.ts';
import { writeAt } from './write-at.ts';
import { explained } from './write-failure.ts';

/**
 * Writes a file so that it appears whole or not at all: under a temporary name beside it, renamed at the end. On
 * failure nothing is left behind and an older file of that name stays as it was. What is no file, such as a pipe, is written
 * to as it is.
 * @throws {UsageError} when the directory cannot be written to, {TsosError} when the disk is full.
 */
export function writeFileAtomic(path: string, data: Uint8Array | string): Promise<void> {
  return streamFileAtomic(path, (file) =>
    file.write(typeof data === 'string' ? new TextEncoder().encode(data) : data),
  );
}

/** As `writeFileAtomic`, for a file that is written piece by piece. */
export async function streamFileAtomic<T>(path: string, write: (file: OutputFile) => Promise<T>): Promise<T> {
  const file = await createOutputFile(path);
  try {
    const result = await write(file);
    await file.commit();
    return result;
  } catch (error) {
    await file.abort();
    throw error;
  }
}

/** @param place of the path, where it is known. */
export async function createOutputFile(path: string, place?: OutputPlace): Promise<OutputFile> {
  const found = place ?? (await outputPlace(path));
  return found.kind === 'file' ? AtomicFile.create(path, found.target) : StreamFile.open(path, found);
}

/** A file written piece by piece that gets its name at `commit`; `abort` removes what was written. */
class AtomicFile implements OutputFile {
  readonly path: string;
  readonly #target: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  #length = 0;
  #open = true;

  private constructor(path: string, target: string, temporary: string, handle: FileHandle) {
    this.path = path;
    this.#target = target;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  static async create(path: string, target: string): Promise<AtomicFile> {
    const temporary = await temporaryPath(dirname(target));
    const handle = await explained(path, open(temporary, 'wx'));
    return new AtomicFile(path, target, temporary, handle);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await writeAt(this.#handle, this.#length, bytes, this.path);
    this.#length += bytes.length;
  }

  async finish(): Promise<void> {
    await explained(this.path, this.#handle.sync());
    await this.#close();
  }

  async commit(): Promise<void> {
    if (this.#open) await this.finish();
    await explained(this.path, rename(this.#temporary, this.#target));
  }

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
