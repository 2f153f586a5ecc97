import { requireOptions } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { convolution } from '../../graph/differentiation/convolution.ts';
import type { Pictures } from '../../graph/differentiation/pictures.ts';
import { product } from '../../graph/differentiation/product.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import { type ConvolutionOptions, checkConvolution } from '../reference/convolution.ts';
import type { MatmulOptions } from '../reference/matmul.ts';
import { requireRank } from '../reference/tensor.ts';

/** An operation that is linear in its input and in its weights, recorded on a tape; see the reference's. */
export type DeviceLinearMap = (x: GraphTensor, weights: GraphTensor) => GraphTensor;

/** `wᵀ · x`, w `[inputs, outputs]`, x `[inputs, columns]`; either may be given transposed. */
export function matmulMap(
  tape: Tape,
  { transposeA = false, transposeB = false }: MatmulOptions = {},
): DeviceLinearMap {
  return (x, weights) => {
    requireRank('x', x, 2, transposeA ? '[columns, inputs]' : '[inputs, columns]');
    requireRank('the weight', weights, 2, transposeB ? '[outputs, inputs]' : '[inputs, outputs]');
    return product(tape, weights, x, { a: !transposeB, b: transposeA });
  };
}

/** How a convolution steps over which pictures. */
export interface DeviceConvolutionOptions extends ConvolutionOptions {
  /** What the columns of the input are. */
  readonly pictures: Pictures;
}

/**
 * Convolution of `x [channels, pixels]`, pixels in the order of NHWC, with `w [kh, kw, channels, outputs]`.
 * @throws {UsageError} for strides that differ, which the device does not do.
 */
export function convolutionMap(tape: Tape, options: DeviceConvolutionOptions): DeviceLinearMap {
  requireOptions('convolution', options, ['pictures']);
  checkConvolution(options);
  const { pictures, strides, padding } = options;
  const [stride, right] = strides;
  if (stride !== right) {
    throw new UsageError(`strides are [${strides.join(', ')}]: on a device both must be equal`);
  }
  return (x, weights) =>
    convolution(tape, weights, x, { pictures, stride, padding: padding === 'SAME' ? 'same' : 'valid' });
}
