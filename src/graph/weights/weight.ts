import { UsageError } from '../../base/errors.ts';
import { SPMM_ROW_WORDS } from '../../wgsl/spmm.ts';
import type { Gpu } from '../device/gpu.ts';
import type { DeviceTensor, Scope } from '../device/scope.ts';
import { weightClass } from '../tuning/candidates.ts';
import { densestSparse } from '../tuning/variants.ts';
import { type CsrMatrix, csrToDense, ROW_ALIGNMENT } from './csr.ts';
import { toHalves, type ValuePrecision } from './half-precision.ts';

/** A matrix `[rows, cols]` on the device, ready for `product` and `embedding`. */
export type Weight = SparseWeight | DenseWeight;

/** Compressed rows. */
export interface SparseWeight {
  /** Tells the forms apart. */
  readonly kind: 'sparse';
  /** Stands for it in errors. */
  readonly name: string;
  /** M */
  readonly rows: number;
  /** K */
  readonly cols: number;
  /** Values that are not zero. */
  readonly nnz: number;
  /** Whether column indices have 16 bits. */
  readonly packedColumns: boolean;
  /** Whether values have 16 bits. */
  readonly halfValues: boolean;
  /** Longest row first: (row, first entry / 4, entries / 4, bias as bits). */
  readonly swizzledRows: DeviceTensor;
  /** `[rows + 1]`, in matrix order; only for matrices that serve as embeddings. */
  readonly rowStarts: DeviceTensor | undefined;
  /** Column of each stored entry. */
  readonly columns: DeviceTensor;
  /** Value of each stored entry. */
  readonly values: DeviceTensor;
}

/** All values, rows padded to a multiple of 4. */
export interface DenseWeight {
  /** Tells the forms apart. */
  readonly kind: 'dense';
  /** Stands for it in errors. */
  readonly name: string;
  /** M */
  readonly rows: number;
  /** K */
  readonly cols: number;
  /** Values that are not zero. */
  readonly nnz: number;
  /** Whether values have 16 bits. */
  readonly halfValues: boolean;
  /** `[rows, cols]`, with zeros behind each row up to a multiple of 4. */
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
  /**
   * `f16` holds values in 16 bits: half the memory, each value off by at most 2⁻¹¹ of itself, or 2⁻²⁵ where that is more
   * (see `toHalves`). `f32` unless given.
   */
  readonly values?: ValuePrecision | undefined;
}

/**
 * Uploads a compressed matrix, as it is or, where it is too dense for the sparse kernel to win, expanded.
 * @throws {UsageError} for a bias of another length, or a value that `f16` cannot hold.
 */
export function uploadWeight(
  scope: Scope,
  name: string,
  matrix: CsrMatrix,
  options: WeightOptions = {},
): Weight {
  const { rows, cols, nnz } = matrix;
  const { embedding = false } = options;
  const bias = biasOf(name, matrix, options);
  const format = options.format ?? bestFormat(scope.gpu, 'product', matrix);
  const halfValues = options.values === 'f16';
  const held = (values: Float32Array) => (halfValues ? toHalves(name, values) : values);
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
      halfValues,
      values: scope.upload(
        `${name} values`,
        [rows, stride],
        held(stride === cols ? dense : widen(dense, cols, stride)),
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
    halfValues,
    swizzledRows: scope.upload(`${name} rows`, [rows, SPMM_ROW_WORDS], swizzle(matrix, bias)),
    columns: scope.upload(`${name} columns`, [matrix.columns.length], matrix.columns),
    values: scope.upload(`${name} values`, [matrix.values.length], held(matrix.values)),
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

/**
 * The form in which a weight runs faster: as it was decided for its class, else by its density.
 * @param operation that takes it, such as `product`
 */
export function bestFormat(gpu: Gpu, operation: string, matrix: CsrMatrix): 'sparse' | 'dense' {
  const { rows, cols, nnz } = matrix;
  const decided = gpu.tuning.format(weightClass(operation, matrix, cols));
  if (decided !== undefined) return decided;
  const density = nnz / Math.max(1, rows * cols);
  return density > densestSparse(gpu.deviceClass) ? 'dense' : 'sparse';
}

/** Row numbers sorted by length, longest first (Sputnik's row swizzle). */
export function longestRowsFirst({ rows, cols, rowStart }: CsrMatrix): Uint32Array {
  // Counted, not compared: a sort of the vocabulary's rows took a tenth of the time of loading.
  const longest = Math.ceil(cols / ROW_ALIGNMENT) * ROW_ALIGNMENT;
  const firstSlots = new Uint32Array(longest + 2);
  const place = (row: number) => longest - (rowStart[row + 1] - rowStart[row]);
  for (let row = 0; row < rows; row++) firstSlots[place(row) + 1]++;
  for (let i = 1; i < firstSlots.length; i++) firstSlots[i] += firstSlots[i - 1];
  const sorted = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) sorted[firstSlots[place(row)]++] = row;
  return sorted;
}

/** Swizzled rows, with what the kernel needs of each. */
function swizzle(matrix: CsrMatrix, bias: Float32Array): Uint32Array {
  const { rows, rowStart } = matrix;
  const biasBits = new Uint32Array(bias.buffer, bias.byteOffset, bias.length);
  const words = new Uint32Array(rows * SPMM_ROW_WORDS);
  longestRowsFirst(matrix).forEach((row, slot) => {
    const at = slot * SPMM_ROW_WORDS;
    words[at] = row;
    words[at + 1] = rowStart[row] / 4;
    words[at + 2] = (rowStart[row + 1] - rowStart[row]) / 4;
    words[at + 3] = biasBits[row];
  });
  return words;
}

function widen(dense: Float32Array, cols: number, stride: number): Float32Array {
  const rows = dense.length / cols;
  const wide = new Float32Array(rows * stride);
  for (let r = 0; r < rows; r++) wide.set(dense.subarray(r * cols, (r + 1) * cols), r * stride);
  return wide;
}
