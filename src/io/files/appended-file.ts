import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { writeAt } from './write-at.ts';
import { explained } from './write-failure.ts';

/** A file that is written to at its end only. */
export class AppendedFile implements AsyncDisposable {
  readonly path: string;
  readonly #handle: FileHandle;
  #length: number;

  private constructor(path: string, handle: FileHandle, length: number) {
    this.path = path;
    this.#handle = handle;
    this.#length = length;
  }

  /**
   * Opens a file, which is made where there is none.
   * @param length bytes of it that are kept
   * @throws {UsageError} where it cannot be written.
   */
  static async open(path: string, length: number): Promise<AppendedFile> {
    const handle = await explained(path, open(path, constants.O_RDWR | constants.O_CREAT));
    try {
      await explained(path, handle.truncate(length));
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new AppendedFile(path, handle, length);
  }

  /** Writes behind what is there. Where that fails, the next one overwrites what came of it. */
  async append(bytes: Uint8Array): Promise<void> {
    await writeAt(this.#handle, this.#length, bytes, this.path);
    this.#length += bytes.length;
  }

  /** Waits until everything is on the disk. */
  async sync(): Promise<void> {
    await explained(this.path, this.#handle.datasync());
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
