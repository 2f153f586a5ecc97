/** Numbers of rows or columns, in as many bits as they need. */
export type IndexArray = Uint16Array | Uint32Array;

/** An array of zeros for numbers below `limit`. */
export function indexArray(limit: number, length: number): IndexArray {
  return limit <= 2 ** 16 ? new Uint16Array(length) : new Uint32Array(length);
}

/** Entries of a matrix, one in each place of the arrays. */
export interface CsrEntries {
  /** Row of each. */
  readonly rows: IndexArray;
  /** Column of each. */
  readonly columns: IndexArray;
  /** Value of each. */
  readonly values: Float32Array;
}

/** Arrays whose first `length` places are filled. */
export interface OpenEntries extends CsrEntries {
  length: number;
}

/** Most entries of one set of arrays (256 KiB where indices have 16 bits). */
const CHUNK_ENTRIES = 2 ** 15;

/** Collects the entries of a matrix `[rows, cols]` when it is not known how many there will be. */
export class CsrEntryList {
  readonly #rows: number;
  readonly #cols: number;
  readonly #chunks: OpenEntries[] = [];

  constructor(rows: number, cols: number) {
    this.#rows = rows;
    this.#cols = cols;
  }

  /** Arrays with room for so many more entries, which the caller may fill behind their `length`. */
  room(entries: number): OpenEntries {
    const last = this.#chunks.at(-1);
    if (last && last.length + entries <= last.values.length) return last;
    const size = Math.max(entries, Math.min(CHUNK_ENTRIES, this.#rows * this.#cols));
    const chunk = {
      rows: indexArray(this.#rows, size),
      columns: indexArray(this.#cols, size),
      values: new Float32Array(size),
      length: 0,
    };
    this.#chunks.push(chunk);
    return chunk;
  }

  /** How many entries each row has. */
  rowLengths(): Uint32Array {
    const lengths = new Uint32Array(this.#rows);
    for (const { rows, length } of this.#chunks) for (let i = 0; i < length; i++) lengths[rows[i]]++;
    return lengths;
  }

  /** Takes out the entries in the order they came, so that what has been used need not be held. */
  *drain(): Generator<CsrEntries, void, undefined> {
    for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
      const { rows, columns, values, length } = chunk;
      yield {
        rows: rows.subarray(0, length),
        columns: columns.subarray(0, length),
        values: values.subarray(0, length),
      };
    }
  }
}
