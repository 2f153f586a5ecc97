import { UsageError } from '../../base/errors.ts';
import type { SparsePattern } from '../../base/sparse-pattern.ts';
import { type CsrEntries, type IndexArray, indexArray } from './csr-entries.ts';

/** Stored entries of a row are padded to a multiple of this, so that kernels read them four at a time. */
export const ROW_ALIGNMENT = 4;

/**
 * A sparse matrix `[rows, cols]` in compressed sparse rows, each row padded to a multiple of four entries. Entries of row
 * `r` lie at `rowStart[r] … rowStart[r + 1] - 1`, columns ascending; padding repeats the row's last column with value 0.
 */
export interface CsrMatrix {
  /** Rows of the matrix, M. */
  readonly rows: number;
  /** Columns of the matrix, K. */
  readonly cols: number;
  /** Entries without the padding. */
  readonly nnz: number;
  /** `[rows + 1]`, multiples of four. */
  readonly rowStart: Uint32Array;
  /** `[rowStart[rows]]`; 16 bits where `cols` allows. */
  readonly columns: IndexArray;
  /** `[rowStart[rows]]`. */
  readonly values: Float32Array;
}

/**
 * Fills a matrix whose row lengths are known beforehand (a counting pass, then a filling pass), so that nothing is ever
 * held twice. Rows may come in any order; the columns of one row must come in ascending order.
 */
export class CsrWriter {
  readonly #rows: number;
  readonly #cols: number;
  readonly #rowLengths: Uint32Array;
  readonly #rowStart: Uint32Array;
  readonly #cursor: Uint32Array;
  readonly #columns: IndexArray;
  readonly #values: Float32Array;

  /** An empty matrix with room for its entries. @param rowLengths `[rows]` entries that will be pushed for each row. */
  constructor(rows: number, cols: number, rowLengths: Uint32Array) {
    if (rowLengths.length !== rows) {
      throw new UsageError(`CsrWriter: ${rowLengths.length} row lengths for ${rows} rows`);
    }
    this.#rows = rows;
    this.#cols = cols;
    this.#rowLengths = rowLengths;
    this.#rowStart = new Uint32Array(rows + 1);
    for (let r = 0; r < rows; r++) {
      const padded = Math.ceil(rowLengths[r] / ROW_ALIGNMENT) * ROW_ALIGNMENT;
      this.#rowStart[r + 1] = this.#rowStart[r] + padded;
    }
    this.#cursor = this.#rowStart.slice(0, rows);
    const stored = this.#rowStart[rows];
    this.#columns = indexArray(cols, stored);
    this.#values = new Float32Array(stored);
  }

  /** Appends one entry to a row. */
  push(row: number, col: number, value: number): void {
    const at = this.#cursor[row]++;
    this.#columns[at] = col;
    this.#values[at] = value;
  }

  /** Appends an entry for each place of the arrays. */
  pushAll({ rows, columns, values }: CsrEntries): void {
    const [cursor, ownColumns, ownValues] = [this.#cursor, this.#columns, this.#values];
    for (let i = 0; i < rows.length; i++) {
      const at = cursor[rows[i]]++;
      ownColumns[at] = columns[i];
      ownValues[at] = values[i];
    }
  }

  /** Pads the rows and checks that each has what was announced. @throws {UsageError} where one has not. */
  finish(): CsrMatrix {
    let nnz = 0;
    for (let r = 0; r < this.#rows; r++) {
      const start = this.#rowStart[r];
      const end = start + this.#rowLengths[r];
      if (this.#cursor[r] !== end) {
        throw new UsageError(
          `CsrWriter: row ${r} got ${this.#cursor[r] - start} entries, ${this.#rowLengths[r]} were announced`,
        );
      }
      nnz += this.#rowLengths[r];
      if (end > start) this.#columns.fill(this.#columns[end - 1], end, this.#rowStart[r + 1]);
    }
    const matrix: CsrMatrix = {
      rows: this.#rows,
      cols: this.#cols,
      nnz,
      rowStart: this.#rowStart,
      columns: this.#columns,
      values: this.#values,
    };
    checkCsr(matrix);
    return matrix;
  }
}

/**
 * Checks what the kernels rely on: row starts rise in multiples of four, columns lie inside the matrix.
 * @throws {UsageError} naming the row.
 */
export function checkCsr(matrix: CsrMatrix): void {
  const { rows, cols, rowStart, columns, values } = matrix;
  if (rowStart.length !== rows + 1 || rowStart[0] !== 0) {
    throw new UsageError(`sparse matrix [${rows}, ${cols}]: row starts must be ${rows + 1} numbers from 0`);
  }
  if (columns.length !== rowStart[rows] || values.length !== rowStart[rows]) {
    throw new UsageError(
      `sparse matrix [${rows}, ${cols}]: ${columns.length} columns and ${values.length} values for ${rowStart[rows]} entries`,
    );
  }
  for (let r = 0; r < rows; r++) {
    if (rowStart[r + 1] < rowStart[r] || rowStart[r + 1] % ROW_ALIGNMENT !== 0) {
      throw new UsageError(`sparse matrix [${rows}, ${cols}]: row ${r} ends at ${rowStart[r + 1]}`);
    }
    for (let i = rowStart[r]; i < rowStart[r + 1]; i++) {
      if (columns[i] >= cols) {
        throw new UsageError(`sparse matrix [${rows}, ${cols}]: row ${r} has column ${columns[i]}`);
      }
    }
  }
}

/**
 * Compresses a dense row-major matrix; zeros are dropped.
 * @param dense `[rows, cols]`, or `[cols, rows]` with `transpose`.
 */
export function csrFromDense(
  dense: Float32Array,
  rows: number,
  cols: number,
  options: { transpose?: boolean } = {},
): CsrMatrix {
  if (dense.length !== rows * cols) {
    throw new UsageError(`csrFromDense: ${dense.length} values for a matrix [${rows}, ${cols}]`);
  }
  const [rowStride, colStride] = options.transpose ? [1, rows] : [cols, 1];
  const lengths = new Uint32Array(rows);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) if (dense[r * rowStride + c * colStride] !== 0) lengths[r]++;
  }
  const writer = new CsrWriter(rows, cols, lengths);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const value = dense[r * rowStride + c * colStride];
      if (value !== 0) writer.push(r, c, value);
    }
  }
  return writer.finish();
}

/**
 * A matrix with values in the places of a pattern.
 * @param values one for each nonzero, row by row
 * @throws {UsageError} where there are more or fewer values.
 */
export function csrFromPattern(pattern: SparsePattern, values: ArrayLike<number>): CsrMatrix {
  const { rows, cols, rowOffsets, columns } = pattern;
  if (values.length !== columns.length) {
    throw new UsageError(`csrFromPattern: ${values.length} values for ${columns.length} nonzeros`);
  }
  const lengths = Uint32Array.from({ length: rows }, (_, r) => rowOffsets[r + 1] - rowOffsets[r]);
  const writer = new CsrWriter(rows, cols, lengths);
  for (let r = 0; r < rows; r++) {
    for (let i = rowOffsets[r]; i < rowOffsets[r + 1]; i++) writer.push(r, columns[i], values[i]);
  }
  return writer.finish();
}

/** Expands to a dense row-major matrix `[rows, cols]`. */
export function csrToDense(matrix: CsrMatrix): Float32Array {
  const dense = new Float32Array(matrix.rows * matrix.cols);
  for (let r = 0; r < matrix.rows; r++) {
    for (let i = matrix.rowStart[r]; i < matrix.rowStart[r + 1]; i++) {
      if (matrix.values[i] !== 0) dense[r * matrix.cols + matrix.columns[i]] = matrix.values[i];
    }
  }
  return dense;
}
