import { checkNumber } from '../../base/check-arguments.ts';
import { type DenseTensor, elementwise } from './tensor.ts';

/**
 * `x / (1 − rate)` where the draw is at least the rate, else 0 (Srivastava et al. 2014, scaled as TensorFlow's
 * `tf.nn.dropout`). It is its own gradient: applied to `dy` it gives `dx`.
 * @param draws uniform numbers in [0, 1), of the shape of x
 * @throws {UsageError} for a rate outside [0, 1), and draws of another shape.
 */
export function dropout(x: DenseTensor, rate: number, draws: DenseTensor): DenseTensor {
  checkNumber('dropout rate', rate, (share) => share >= 0 && share < 1, 'a number in [0, 1)');
  // The bound is float32, as on a device: draws are multiples of 2^-24, which both compare alike.
  const bound = Math.fround(rate);
  return elementwise((value, draw) => (draw >= bound ? value / (1 - rate) : 0), x, draws);
}
