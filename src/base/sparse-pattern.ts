/** The places of the nonzeros of a sparse matrix, by rows. */
export interface SparsePattern {
  /** Rows of the matrix. */
  readonly rows: number;
  /** Columns of the matrix. */
  readonly cols: number;
  /** rows + 1 numbers: row i has the nonzeros `rowOffsets[i]` to `rowOffsets[i + 1]`. */
  readonly rowOffsets: Uint32Array;
  /** Column of each nonzero, rising within a row. */
  readonly columns: Uint32Array;
}
