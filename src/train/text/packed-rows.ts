import { crc32c, hexadecimalCrc } from '../../io/bytes/crc32c.ts';
import type { Corpus } from './corpus.ts';
import { OpenRows } from './open-rows.ts';

/** Which pairs of a corpus share a row. */
export class PackedRows {
  /** Numbers of the pairs, row by row. */
  readonly #pairs: Uint32Array;
  /** Where rows begin; one more at the end. */
  readonly #starts: Uint32Array;

  private constructor(pairs: Uint32Array, starts: Uint32Array) {
    this.#pairs = pairs;
    this.#starts = starts;
  }

  /** Packs pairs in their order, as `packRows` does. @param length of a row; none of the pairs is longer */
  static packed(corpus: Corpus, length: number): PackedRows {
    const pairs = new Uint32Array(corpus.pairs);
    const starts: number[] = [];
    let filled = 0;
    const add = (row: readonly number[]) => {
      starts.push(filled);
      pairs.set(row, filled);
      filled += row.length;
    };
    const open = new OpenRows<number>(length);
    for (let pair = 0; pair < corpus.pairs; pair++) {
      const full = open.add(pair, corpus.lengths(pair));
      if (full !== undefined) add(full);
    }
    open.rest().forEach(add);
    return new PackedRows(pairs, Uint32Array.from([...starts, filled]));
  }

  /** Rows of pairs that stand in a corpus one behind the other. @param counts how many pairs each row has */
  static inOrder(counts: readonly number[]): PackedRows {
    const starts = new Uint32Array(counts.length + 1);
    counts.forEach((count, i) => {
      starts[i + 1] = starts[i] + count;
    });
    return new PackedRows(
      Uint32Array.from({ length: starts[counts.length] }, (_, i) => i),
      starts,
    );
  }

  /** Tells packings of a corpus apart: CRC-32C of the pairs and of where rows begin, in hexadecimal. */
  get checksum(): string {
    const bytes = (words: Uint32Array) => new Uint8Array(words.buffer as ArrayBuffer);
    return hexadecimalCrc(crc32c(bytes(this.#starts), crc32c(bytes(this.#pairs))));
  }

  get count(): number {
    return this.#starts.length - 1;
  }

  /** The pairs of a row. */
  row(index: number): Uint32Array {
    return this.#pairs.subarray(this.#starts[index], this.#starts[index + 1]);
  }
}
