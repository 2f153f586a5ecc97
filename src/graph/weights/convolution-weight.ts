import { UsageError } from '../../base/errors.ts';
import { type Window, windowTag } from '../../wgsl/convolution.ts';
import type { DeviceTensor, Scope } from '../device/scope.ts';
import { segmentLength } from '../tuning/tilings.ts';
import { type CsrMatrix, csrToDense } from './csr.ts';
import { toHalves } from './half-precision.ts';
import {
  bestFormat,
  biasOf,
  longestRowsFirst,
  uploadWeight,
  type Weight,
  type WeightOptions,
} from './weight.ts';

export type { Window };

/** The kernel of a convolution on the device: rows are output channels, columns (ky, kx, input channel). */
export type ConvolutionWeight = PointwiseConvolution | SparseConvolution | DenseConvolution;

/** What the forms of a convolution have in common. */
export interface ConvolutionForm {
  /** Stands for it in errors. */
  readonly name: string;
  /** What of the picture a result is made of. */
  readonly window: Window;
  /** Output channels. */
  readonly rows: number;
  /** Input channels. */
  readonly channels: number;
  /** Weights that are not zero. */
  readonly nnz: number;
  /** Whether values have 16 bits. */
  readonly halfValues: boolean;
}

/** A 1×1 convolution that takes every pixel: a product. */
export interface PointwiseConvolution extends ConvolutionForm {
  /** Tells the forms apart. */
  readonly kind: 'pointwise';
  /** `[rows, channels]` */
  readonly weight: Weight;
}

/** Compressed rows, see the kernel. */
export interface SparseConvolution extends ConvolutionForm {
  /** Tells the forms apart. */
  readonly kind: 'sparse';
  /** Longest row first: (row, first segment, segments, bias as bits). */
  readonly swizzledRows: DeviceTensor;
  /** `[segments, 2]` */
  readonly segments: DeviceTensor;
  /** `[entries]` packed with values of 16 bits, else `[entries, 2]`. */
  readonly entries: DeviceTensor;
}

/** All values. */
export interface DenseConvolution extends ConvolutionForm {
  /** Tells the forms apart. */
  readonly kind: 'dense';
  /** `[rows, taps · channels]` */
  readonly values: DeviceTensor;
  /** `[rows]` */
  readonly bias: DeviceTensor;
}

/** A channel and a value of 16 bits share a word. */
const MAX_HALF_CHANNELS = 65_536;

/** The operation as tuning knows it. */
export function convolutionName(window: Window): string {
  return `convolution ${windowTag(window)}`;
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
  options: Pick<WeightOptions, 'bias' | 'format' | 'values'> = {},
): ConvolutionWeight {
  const { rows, cols, nnz } = matrix;
  const taps = window.size ** 2;
  if (cols % taps !== 0) {
    throw new UsageError(`${name} [${rows}, ${cols}]: ${cols} columns do not divide into ${taps} taps`);
  }
  const channels = cols / taps;
  const halfValues = options.values === 'f16';
  const shared = { name, window, rows, channels, nnz, halfValues };
  if (window.size === 1 && window.stride === 1) {
    return { kind: 'pointwise', ...shared, weight: uploadWeight(scope, name, matrix, options) };
  }
  const bias = biasOf(name, matrix, options);
  const format = options.format ?? bestFormat(scope.gpu, convolutionName(window), matrix);
  if (format === 'dense') {
    return {
      kind: 'dense',
      ...shared,
      values: scope.upload(
        `${name} values`,
        [rows, cols],
        halfValues ? toHalves(name, csrToDense(matrix)) : csrToDense(matrix),
      ),
      bias: scope.upload(`${name} bias`, [rows], bias),
    };
  }
  if (halfValues && channels > MAX_HALF_CHANNELS) {
    throw new UsageError(
      `${name}: ${channels} channels; with values of 16 bits there may be ${MAX_HALF_CHANNELS}`,
    );
  }
  const { swizzledRows, segments, entries } = entriesByTap(matrix, channels, bias, segmentLength(scope.gpu));
  return {
    kind: 'sparse',
    ...shared,
    swizzledRows: scope.upload(`${name} rows`, [rows, 4], swizzledRows),
    segments: scope.upload(`${name} segments`, [segments.length / 2, 2], segments),
    entries: halfValues
      ? scope.upload(`${name} entries`, [entries.length / 2], packEntries(name, entries))
      : scope.upload(`${name} entries`, [entries.length / 2, 2], entries),
  };
}

/**
 * Rows longest first, each with its segments, one or more for every tap it has entries of; entries as (channel, value),
 * unpadded.
 * @param most entries of a segment
 */
function entriesByTap(matrix: CsrMatrix, channels: number, bias: Float32Array, most: number) {
  const { rows, nnz, rowStart, columns, values } = matrix;
  const biasBits = new Uint32Array(bias.buffer, bias.byteOffset, rows);
  const valueBits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const swizzledRows = new Uint32Array(rows * 4);
  const segments: number[] = [];
  const entries = new Uint32Array(nnz * 2);
  let end = 0;
  longestRowsFirst(matrix).forEach((row, slot) => {
    const firstSegment = segments.length / 2;
    // First column of the tap at hand; none is yet.
    let first = -channels;
    let segmentEnd = end;
    for (let i = rowStart[row]; i < rowStart[row + 1]; i++) {
      if (values[i] === 0) continue;
      if (columns[i] >= first + channels || end === segmentEnd) {
        const tap = Math.floor(columns[i] / channels);
        segments.push(tap, end);
        segmentEnd = end + most;
        first = tap * channels;
      }
      entries[end * 2] = columns[i] - first;
      entries[end * 2 + 1] = valueBits[i];
      end++;
    }
    swizzledRows.set([row, biasBits[row], firstSegment, segments.length / 2], slot * 4);
  });
  return {
    swizzledRows,
    segments: Uint32Array.from(segments.concat(0, end)),
    entries: entries.subarray(0, 2 * end),
  };
}

/** (channel, value as bits) in one word each: the channel in its lower half, the value with 16 bits in its upper. */
function packEntries(name: string, entries: Uint32Array): Uint32Array {
  const values = new Float32Array(entries.length / 2);
  new Uint32Array(values.buffer).set(entries.filter((_, i) => i % 2 === 1));
  const halves = toHalves(name, values);
  return Uint32Array.from(halves, (half, i) => ((half << 16) | entries[2 * i]) >>> 0);
}
