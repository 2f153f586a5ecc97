import { UsageError } from '../errors.ts';
import { SPMM_ROW_WORDS } from '../wgsl/spmm.ts';
import { type CsrMatrix, csrToDense } from './csr.ts';
import type { Gpu } from './gpu.ts';
import type { DeviceTensor, Scope } from './scope.ts';
import { densestSparse } from './variants.ts';

/** A matrix `[rows, cols]` on the device, ready for `product` and `embedding`. */
export type Weight = SparseWeight | DenseWeight;

/** Compressed rows. */
export interface SparseWeight {
  readonly kind: 'sparse';
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly nnz: number;
  readonly packedColumns: boolean;
  /** Longest row first: (row, first entry / 4, entries / 4, bias as bits). */
  readonly swizzledRows: DeviceTensor;
  /** `[rows + 1]`, in matrix order; only for matrices that serve as embeddings. */
  readonly rowStarts: DeviceTensor | undefined;
  readonly columns: DeviceTensor;
  readonly values: DeviceTensor;
}

/** All values, rows padded to a multiple of 4. */
export interface DenseWeight {
  readonly kind: 'dense';
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  /** Values that are not zero. */
  readonly nnz: number;
  readonly values: DeviceTensor;
  /** `[rows]` */
  readonly bias: DeviceTensor;
  /** `[rows + 1]`, rising where a row is not all zero; only for matrices that serve as embeddings. */
  readonly rowStarts: DeviceTensor | undefined;
}

/** How a matrix is to be held. */
export interface WeightOptions {
  /** `[rows]`; zeros unless given. */
  readonly bias?: Float32Array | undefined;
  /** Whether rows will be looked up. */
  readonly embedding?: boolean;
  /** Forces the choice that otherwise depends on the density and the device. */
  readonly format?: 'sparse' | 'dense' | undefined;
}

/** Uploads a compressed matrix, as it is or, where it is too dense for the sparse kernel to win, expanded. */
export function uploadWeight(
  scope: Scope,
  name: string,
  matrix: CsrMatrix,
  options: WeightOptions = {},
): Weight {
  const { rows, cols, nnz } = matrix;
  const { embedding = false } = options;
  const bias = biasOf(name, matrix, options);
  const format = options.format ?? bestFormat(scope.gpu, matrix);
  const rowStarts = embedding ? scope.upload(`${name} row starts`, [rows + 1], matrix.rowStart) : undefined;
  if (format === 'dense') {
    const stride = Math.ceil(cols / 4) * 4;
    const dense = csrToDense(matrix);
    return {
      kind: 'dense',
      name,
      rows,
      cols,
      nnz,
      rowStarts,
      values: scope.upload(
        `${name} values`,
        [rows, stride],
        stride === cols ? dense : widen(dense, cols, stride),
      ),
      bias: scope.upload(`${name} bias`, [rows], bias),
    };
  }
  return {
    kind: 'sparse',
    name,
    rows,
    cols,
    nnz,
    rowStarts,
    packedColumns: matrix.columns instanceof Uint16Array,
    swizzledRows: scope.upload(`${name} rows`, [rows, SPMM_ROW_WORDS], swizzle(matrix, bias)),
    columns: scope.upload(`${name} columns`, [matrix.columns.length], matrix.columns),
    values: scope.upload(`${name} values`, [matrix.values.length], matrix.values),
  };
}

/** One number for each row. @throws {UsageError} where the bias has more or fewer. */
export function biasOf(
  name: string,
  { rows, cols }: CsrMatrix,
  { bias = new Float32Array(rows) }: Pick<WeightOptions, 'bias'>,
): Float32Array {
  if (bias.length !== rows) {
    throw new UsageError(`${name} [${rows}, ${cols}]: ${bias.length} biases for ${rows} rows`);
  }
  return bias;
}

/** The form in which a matrix or the kernel of a convolution runs faster, going by its density. */
export function bestFormat({ deviceClass }: Gpu, { rows, cols, nnz }: CsrMatrix): 'sparse' | 'dense' {
  const density = nnz / Math.max(1, rows * cols);
  return density > densestSparse(deviceClass) ? 'dense' : 'sparse';
}

/** Row numbers sorted by length, longest first (Sputnik's row swizzle). */
export function longestRowsFirst({ rows, rowStart }: CsrMatrix): Uint32Array {
  const length = (row: number) => rowStart[row + 1] - rowStart[row];
  return Uint32Array.from({ length: rows }, (_, row) => row).sort((a, b) => length(b) - length(a) || a - b);
}

/** Swizzled rows, with what the kernel needs of each. */
function swizzle(matrix: CsrMatrix, bias: Float32Array): Uint32Array {
  const { rows, rowStart } = matrix;
  const biasBits = new Uint32Array(bias.buffer, bias.byteOffset, bias.length);
  const words = new Uint32Array(rows * SPMM_ROW_WORDS);
  longestRowsFirst(matrix).forEach((row, slot) => {
    const [start, end] = [rowStart[row], rowStart[row + 1]];
    words.set([row, start / 4, (end - start) / 4, biasBits[row]], slot * SPMM_ROW_WORDS);
  });
  return words;
}

function widen(dense: Float32Array, cols: number, stride: number): Float32Array {
  const rows = dense.length / cols;
  const wide = new Float32Array(rows * stride);
  for (let r = 0; r < rows; r++) wide.set(dense.subarray(r * cols, (r + 1) * cols), r * stride);
  return wide;
}
