import { DataError } from '../../base/errors.ts';

/** Where bytes lie: a file on disk, a Blob, memory, a URL. What is asked of it is within its size. */
export interface ByteStore {
  /** In bytes, exact to 2^53. */
  readonly size: number;
  /** Fills the beginning of `target`, which is not empty, with bytes from `position` on; returns how many, 0 where there are none any more. */
  readInto(position: number, target: Uint8Array): Promise<number>;
  /** All bytes in order, of stores that have a shorter way than to read them by position. */
  stream?(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Bytes that are read by position, or a consecutive part of them such as a tar member. Sizes and positions are in bytes
 * and exact to 2^53.
 */
export class ByteSource {
  /** What errors call it. */
  readonly file: string;
  readonly size: number;
  readonly #store: ByteStore;
  readonly #start: number;
  readonly #close: () => Promise<void>;

  /** The whole of a store, which is closed with the source. @param file what errors are to call it */
  constructor(file: string, store: ByteStore, part?: { readonly start: number; readonly size: number }) {
    this.file = file;
    this.#store = store;
    this.#start = part?.start ?? 0;
    this.size = part?.size ?? store.size;
    this.#close = part === undefined ? () => store.close() : async () => {};
  }

  /** The bytes `start` to `start + size` as a source of their own; closing it does nothing. */
  region(start: number, size: number, file: string): ByteSource {
    this.#check(start, size);
    return new ByteSource(file, this.#store, { start: this.#start + start, size });
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
      const filled = await this.#store.readInto(this.#start + position + done, target.subarray(done));
      if (filled === 0) throw this.error('the file became shorter while it was read', position + done);
      done += filled;
    }
  }

  /** All bytes in order, in pieces of memory of their own. */
  async *stream(): AsyncGenerator<Uint8Array> {
    const whole = this.#start === 0 && this.size === this.#store.size;
    if (whole && this.#store.stream !== undefined) {
      yield* this.#store.stream();
      return;
    }
    for (let at = 0; at < this.size; at += PIECE_BYTES) {
      yield await this.read(at, Math.min(PIECE_BYTES, this.size - at));
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

const PIECE_BYTES = 2 ** 18;
