import { checkNumber, checkOneOf } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { roundHalfEven } from '../../base/round-half-even.ts';

/**
 * How a layer's share of kept weights becomes a whole number: `floor` as in the checkpoints the paper
 * published (all of uniform magnitude and random pruning), `half-even` as in TensorFlow's sources since early
 * 2019 (and in the published "extended" ResNet-50).
 */
export type CountRounding = 'floor' | 'half-even';

const ROUNDINGS: readonly CountRounding[] = ['floor', 'half-even'];

/** How a rule that keeps a count of weights arrives at it. */
export interface CountOptions {
  /** How many are kept of a fraction of a weight. Default floor. */
  readonly rounding?: CountRounding | undefined;
}

/**
 * Weights that a layer keeps, `size · (1 − sparsity)`. All steps are rounded to float32 as TensorFlow does
 * them, which decides some counts: 2,048,000 weights at 0.8 keep 409,599.
 * @param size weights of the layer, a whole number.
 * @param sparsity share to prune, in [0, 1).
 * @throws {UsageError} for a sparsity outside of it, another size, and an unknown rounding.
 */
export function keptCount(size: number, sparsity: number, rounding: CountRounding = 'floor'): number {
  checkNumber(
    'size',
    size,
    (value) => Number.isSafeInteger(value) && value >= 0,
    'a whole number of weights',
  );
  checkSparsity(sparsity);
  checkRounding(rounding);
  const share = Math.fround(1 - Math.fround(sparsity));
  const exact = Math.fround(Math.fround(size) * share);
  // A size above 2^24 may have been rounded up.
  return Math.min(size, rounding === 'floor' ? Math.floor(exact) : roundHalfEven(exact));
}

/** @throws {UsageError} where a sparsity is not in [0, 1). */
export function checkSparsity(sparsity: number, what = 'sparsity'): void {
  if (sparsity >= 0 && sparsity < 1) return;
  throw new UsageError(`${what} ${sparsity}: must be at least 0 and below 1`);
}

/** @throws {UsageError} for a rounding there is not. */
export function checkRounding(rounding: CountRounding): void {
  checkOneOf('rounding', rounding, ROUNDINGS);
}
