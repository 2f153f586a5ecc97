import { UsageError } from '../errors.ts';
import type { Window } from '../wgsl/convolution.ts';
import { type CsrMatrix, csrToDense } from './csr.ts';
import type { DeviceTensor, Scope } from './scope.ts';
import { densestSparseConvolution } from './variants.ts';
import { longestRowsFirst, uploadWeight, type Weight, type WeightOptions } from './weight.ts';

export type { Window };

/** The kernel of a convolution on the device: rows are output channels, columns (ky, kx, input channel). */
export type ConvolutionWeight = PointwiseConvolution | SparseConvolution | DenseConvolution;

interface Shared {
  readonly name: string;
  readonly window: Window;
  readonly rows: number;
  readonly channels: number;
  /** Weights that are not zero. */
  readonly nnz: number;
}

/** A 1×1 convolution that takes every pixel: a product. */
export interface PointwiseConvolution extends Shared {
  readonly kind: 'pointwise';
  readonly weight: Weight;
}

/** Compressed rows, see the kernel. */
export interface SparseConvolution extends Shared {
  readonly kind: 'sparse';
  readonly swizzledRows: DeviceTensor;
  readonly taps: DeviceTensor;
  readonly entries: DeviceTensor;
}

/** All values. */
export interface DenseConvolution extends Shared {
  readonly kind: 'dense';
  /** `[rows, taps · channels]` */
  readonly values: DeviceTensor;
  /** `[rows]` */
  readonly bias: DeviceTensor;
}

/**
 * Uploads the kernel of a convolution, compressed or, where it is too dense for the sparse kernels to win, whole.
 * @param matrix `[output channels, size · size · input channels]`, an HWIO kernel transposed
 */
export function uploadConvolution(
  scope: Scope,
  name: string,
  matrix: CsrMatrix,
  window: Window,
  options: Pick<WeightOptions, 'bias' | 'format'> = {},
): ConvolutionWeight {
  const { rows, cols, nnz } = matrix;
  const taps = window.size ** 2;
  if (cols % taps !== 0) {
    throw new UsageError(`${name} [${rows}, ${cols}]: ${cols} columns do not divide into ${taps} taps`);
  }
  const shared = { name, window, rows, channels: cols / taps, nnz };
  if (window.size === 1 && window.stride === 1) {
    return { kind: 'pointwise', ...shared, weight: uploadWeight(scope, name, matrix, options) };
  }
  const { bias = new Float32Array(rows) } = options;
  if (bias.length !== rows) {
    throw new UsageError(`${name} [${rows}, ${cols}]: ${bias.length} biases for ${rows} rows`);
  }
  const density = nnz / Math.max(1, rows * cols);
  const tooDense = density > densestSparseConvolution(scope.gpu.deviceClass);
  const format = options.format ?? (tooDense ? 'dense' : 'sparse');
  if (format === 'dense') {
    return {
      kind: 'dense',
      ...shared,
      values: scope.upload(`${name} values`, [rows, cols], csrToDense(matrix)),
      bias: scope.upload(`${name} bias`, [rows], bias),
    };
  }
  const { swizzledRows, tapStarts, entries } = entriesByTap(matrix, taps, bias);
  return {
    kind: 'sparse',
    ...shared,
    swizzledRows: scope.upload(`${name} rows`, [rows, 2], swizzledRows),
    taps: scope.upload(`${name} taps`, [rows, taps + 1], tapStarts),
    entries: scope.upload(`${name} entries`, [entries.length / 2, 2], entries),
  };
}

/** Rows longest first, each with where the entries of its taps begin; entries as (channel, value), without padding. */
function entriesByTap(matrix: CsrMatrix, taps: number, bias: Float32Array) {
  const { rows, cols, rowStart, columns, values } = matrix;
  const channels = cols / taps;
  const biasBits = new Uint32Array(bias.buffer, bias.byteOffset, rows);
  const valueBits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const swizzledRows = new Uint32Array(rows * 2);
  const tapStarts = new Uint32Array(rows * (taps + 1));
  const entries = new Uint32Array(values.reduce((count, value) => count + (value === 0 ? 0 : 1), 0) * 2);
  let end = 0;
  longestRowsFirst(matrix).forEach((row, slot) => {
    swizzledRows.set([row, biasBits[row]], slot * 2);
    let tap = 0;
    tapStarts[slot * (taps + 1)] = end;
    for (let i = rowStart[row]; i < rowStart[row + 1]; i++) {
      if (values[i] === 0) continue;
      for (const own = Math.floor(columns[i] / channels); tap < own; )
        tapStarts[slot * (taps + 1) + ++tap] = end;
      entries[end * 2] = columns[i] % channels;
      entries[end * 2 + 1] = valueBits[i];
      end++;
    }
    while (tap < taps) tapStarts[slot * (taps + 1) + ++tap] = end;
  });
  return { swizzledRows, tapStarts, entries };
}
