import { UsageError } from '../../base/errors.ts';
import { NOWHERE } from '../../wgsl/rearrange.ts';
import type { DeviceTensor, Scope } from '../device/scope.ts';
import { type CsrMatrix, CsrWriter } from './csr.ts';
import { type SparseWeight, uploadWeight } from './weight.ts';

/** A matrix `[M, K]` whose zeros stay where they are and whose other values may be trained. */
export interface MaskedWeight {
  /** Stands for it in errors. */
  readonly name: string;
  /** M */
  readonly rows: number;
  /** K */
  readonly cols: number;
  /** Entries of the pattern, whatever their values. */
  readonly nnz: number;
  /**
   * `[stored]`: value of each entry, row by row as in a `CsrMatrix`, each row padded to a multiple of four. To be written by an
   * optimiser; the padding must stay 0, as it does where its gradient is.
   */
  readonly values: DeviceTensor;
  /** The matrix for `product`, with these values. */
  readonly matrix: SparseWeight;
  /** Its transpose `[K, M]`; the values are those when `transposedProduct` last brought them there. */
  readonly transpose: SparseWeight;
  /** Place in `values` of each stored entry of the transpose. */
  readonly places: DeviceTensor;
}

/**
 * Uploads a sparse matrix to be trained: all entries of its pattern count, also those whose value is 0 now.
 * @throws {UsageError} for a matrix without rows or columns.
 */
export function uploadMaskedWeight(scope: Scope, name: string, matrix: CsrMatrix): MaskedWeight {
  const { rows, cols } = matrix;
  if (rows < 1 || cols < 1) throw new UsageError(`${name} [${rows}, ${cols}]: a matrix has rows and columns`);
  const { transpose, places } = transposed(matrix);
  const upload = (name: string, matrix: CsrMatrix) =>
    uploadWeight(scope, name, matrix, { format: 'sparse' }) as SparseWeight;
  const held = upload(name, matrix);
  return {
    name,
    rows,
    cols,
    nnz: matrix.nnz,
    values: held.values,
    matrix: held,
    transpose: upload(`${name} transposed`, transpose),
    places: scope.upload(`${name} places`, [places.length], places),
  };
}

/** The transpose without its values, and from where in the matrix they come. */
function transposed(matrix: CsrMatrix): { transpose: CsrMatrix; places: Uint32Array } {
  const { rows, cols } = matrix;
  const lengths = new Uint32Array(cols);
  eachEntry(matrix, (_, col) => {
    lengths[col]++;
  });
  const writer = new CsrWriter(cols, rows, lengths);
  eachEntry(matrix, (row, col) => writer.push(col, row, 0));
  const transpose = writer.finish();
  const places = new Uint32Array(transpose.values.length).fill(NOWHERE);
  const cursor = transpose.rowStart.slice(0, cols);
  eachEntry(matrix, (_, col, place) => {
    places[cursor[col]++] = place;
  });
  return { transpose, places };
}

/** Visits the entries of a pattern, without the padding, which repeats the column before it. */
function eachEntry(
  { rows, rowStart, columns }: CsrMatrix,
  visit: (row: number, col: number, place: number) => void,
): void {
  for (let row = 0; row < rows; row++) {
    for (let place = rowStart[row]; place < rowStart[row + 1]; place++) {
      const isPadding = place > rowStart[row] && columns[place] === columns[place - 1];
      if (!isPadding) visit(row, columns[place], place);
    }
  }
}
