import { DataError } from '../../base/errors.ts';
import type { TarInput } from './tar.ts';

/** The unpacked bytes of a gzip stream, in order. Damage to the stream is a DataError. */
export class StreamInput implements TarInput {
  readonly file: string;
  position = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** Bytes that have come and were not asked for yet. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(file: string, chunks: AsyncIterable<Uint8Array>) {
    this.file = file;
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Memory is taken for what has come, not for what a damaged file announces. */
  async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    let filled = 0;
    for await (const piece of this.body(length)) {
      pieces.push(piece);
      filled += piece.length;
    }
    const bytes = new Uint8Array(filled);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  async skipTo(position: number): Promise<void> {
    for await (const _ of this.body(position - this.position));
  }

  /** The next `length` bytes in pieces, fewer only at the end. */
  async *body(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (this.#rest.length === 0 && !(await this.#fill())) return;
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      this.position += piece.length;
      left -= piece.length;
      yield piece;
    }
  }

  /** Lets go of the stream, read to its end or not. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #fill(): Promise<boolean> {
    try {
      const next = await this.#chunks.next();
      if (next.done) return false;
      this.#rest = next.value;
      return true;
    } catch (cause) {
      throw new DataError(
        `the gzip stream is damaged or cut short after ${this.position} unpacked bytes (${(cause as Error).message}); get it again`,
        { file: this.file },
        { cause },
      );
    }
  }
}
