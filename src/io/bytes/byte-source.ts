import { type FileHandle, open } from 'node:fs/promises';
import { DataError } from '../../base/errors.ts';

/** The most one read call may ask for: runtimes refuse 2 GiB and above. */
const MAX_READ = 2 ** 30;

/**
 * A file, or a consecutive part of one such as a tar member, read by position. Sizes and positions are in bytes
 * and exact to 2^53.
 */
export class ByteSource {
  /** What errors call it. */
  readonly file: string;
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #start: number;
  readonly #close: () => Promise<void>;

  private constructor(
    handle: FileHandle,
    file: string,
    start: number,
    size: number,
    close: () => Promise<void>,
  ) {
    this.#handle = handle;
    this.file = file;
    this.#start = start;
    this.size = size;
    this.#close = close;
  }

  /** @throws {DataError} when there is no such file or it cannot be opened. */
  static async open(path: string, file = path): Promise<ByteSource> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, 'r');
      const stats = await handle.stat();
      if (!stats.isFile()) throw new DataError('is not a regular file', { file });
      return new ByteSource(handle, file, 0, stats.size, handle.close.bind(handle));
    } catch (error) {
      await handle?.close();
      if (error instanceof DataError) throw error;
      throw new DataError(openFailure(error as NodeJS.ErrnoException), { file }, { cause: error });
    }
  }

  /** The bytes `start` to `start + size` as a source of their own; closing it does nothing. */
  region(start: number, size: number, file: string): ByteSource {
    this.#check(start, size);
    return new ByteSource(this.#handle, file, this.#start + start, size, async () => {});
  }

  /** Fresh memory with the bytes at `position`; the length is checked before anything is allocated. */
  async read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#check(position, length);
    const bytes = this.#allocate(position, length);
    await this.readInto(position, bytes);
    return bytes;
  }

  /** Fills `target` with the bytes at `position`. */
  async readInto(position: number, target: Uint8Array): Promise<void> {
    this.#check(position, target.length);
    for (let done = 0; done < target.length; ) {
      const length = Math.min(target.length - done, MAX_READ);
      const { bytesRead } = await this.#handle.read(target, done, length, this.#start + position + done);
      if (bytesRead === 0) throw this.error('the file became shorter while it was read', position + done);
      done += bytesRead;
    }
  }

  /** A DataError about the byte at `position`. */
  error(reason: string, position?: number): DataError {
    return new DataError(reason, {
      file: this.file,
      ...(position === undefined ? {} : { offset: position }),
    });
  }

  async close(): Promise<void> {
    await this.#close();
  }

  /** A file may be larger than the runtime lets memory be, above all one with holes. */
  #allocate(position: number, length: number): Uint8Array<ArrayBuffer> {
    try {
      return new Uint8Array(length);
    } catch (cause) {
      throw new DataError(
        `${length} bytes are to be read here, more than fits in memory at once: the file is damaged`,
        { file: this.file, offset: position },
        { cause },
      );
    }
  }

  #check(position: number, length: number): void {
    if (position < 0 || length < 0 || position + length > this.size) {
      throw this.error(
        `${length} bytes are expected here, the file has ${this.size} in all: it is cut short or damaged; get it again`,
        position,
      );
    }
  }
}

function openFailure(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return 'there is no such file';
  return `cannot be opened (${error.code ?? error.message})`;
}
