import { write } from 'node:fs';
import { constants, type FileHandle, open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { OutputFile } from './output-file.ts';
import type { OutputPlace } from './output-place.ts';
import { explained, explainWriteFailure } from './write-failure.ts';

/** A write call of a pipe takes this much at most, so that one that is slow does not hold everything. */
const MAX_WRITE = 2 ** 20;

/** How long to wait for a pipe that is full and does not wait by itself. */
const FULL_PIPE_MS = 5;

/**
 * Something that takes bytes as they come: a pipe, a device, a file that was opened by who started the process. It is opened at
 * the first write, since opening a pipe waits for its reader.
 */
export class StreamFile implements OutputFile {
  readonly path: string;
  readonly #target: string;
  readonly #descriptor: number | undefined;
  #handle: FileHandle | undefined;

  private constructor(path: string, target: string, descriptor: number | undefined) {
    this.path = path;
    this.#target = target;
    this.#descriptor = descriptor;
  }

  static open(path: string, place: Extract<OutputPlace, { kind: 'stream' }>): StreamFile {
    return new StreamFile(path, place.target, place.descriptor);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      try {
        done += await this.#take(bytes.subarray(done, done + MAX_WRITE));
      } catch (error) {
        const cause = error as NodeJS.ErrnoException;
        if (cause.code !== 'EAGAIN') throw explainWriteFailure(this.path, cause);
        await setTimeout(FULL_PIPE_MS);
      }
    }
  }

  async finish(): Promise<void> {
    if (this.#descriptor === undefined) await explained(this.path, this.#opened());
    await this.abort();
  }

  commit(): Promise<void> {
    return this.finish();
  }

  async abort(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  /** @returns how many bytes were taken. */
  async #take(bytes: Uint8Array): Promise<number> {
    const descriptor = this.#descriptor;
    // Through its number, so that its position is shared with whoever else writes to it.
    if (descriptor !== undefined)
      return promisify(write)(descriptor, bytes).then(({ bytesWritten }) => bytesWritten);
    const handle = await this.#opened();
    return (await handle.write(bytes, 0, bytes.length, null)).bytesWritten;
  }

  async #opened(): Promise<FileHandle> {
    this.#handle ??= await open(this.#target, constants.O_WRONLY | constants.O_APPEND);
    return this.#handle;
  }
}
