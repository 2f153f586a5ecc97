/** Rows that are open at a time; the oldest is given away when a pair fits none. */
const OPEN_ROWS = 10;

interface OpenRow<Pair> {
  readonly pairs: Pair[];
  /** Tokens of its two sides. */
  readonly filled: [number, number];
}

/** Rows that are being packed, by first fit. */
export class OpenRows<Pair> {
  readonly #length: number;
  readonly #open: OpenRow<Pair>[] = [];

  /** @param length tokens that a side of a row has room for */
  constructor(length: number) {
    this.#length = length;
  }

  /**
   * Puts a pair into the first row that has room for both sides, or else into a new one.
   * @param lengths tokens of its sides, none more than a row has room for
   * @returns the row that had to be given away for it
   */
  add(pair: Pair, lengths: readonly [number, number]): readonly Pair[] | undefined {
    let given: OpenRow<Pair> | undefined;
    let row = this.#open.find(({ filled }) =>
      filled.every((tokens, i) => tokens + lengths[i] <= this.#length),
    );
    if (row === undefined) {
      if (this.#open.length === OPEN_ROWS) given = this.#open.shift();
      row = { pairs: [], filled: [0, 0] };
      this.#open.push(row);
    }
    row.pairs.push(pair);
    lengths.forEach((tokens, i) => {
      row.filled[i] += tokens;
    });
    return given?.pairs;
  }

  /** The rows that are still open. */
  rest(): readonly (readonly Pair[])[] {
    return this.#open.map(({ pairs }) => pairs);
  }
}
