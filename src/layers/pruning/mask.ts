import { UsageError } from '../../base/errors.ts';
import type { Floats } from './rank.ts';

/** A mask and what it was made by. */
export interface PruningMask {
  /** 1 where a weight is kept, else 0; of the size of the weights. */
  readonly mask: Float32Array;
  /** Weights that are kept. */
  readonly kept: number;
  /**
   * Magnitude that decided, in the precision of the weights; 0 where magnitudes did not, ∞ where nothing is
   * kept.
   */
  readonly threshold: number;
}

/** Weights that a mask keeps. */
export function onesIn(mask: Float32Array): number {
  return mask.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0);
}

/** The mask training begins with: everything is kept. */
export function openMask(size: number): PruningMask {
  return { mask: new Float32Array(size).fill(1), kept: size, threshold: 0 };
}

/**
 * `values ⊙ mask`: the weights a masked layer computes with, and, of the gradient with respect to these, the
 * gradient of the stored weights (a pruned weight gets none, but keeps its value). On a device it is one
 * elementwise product.
 * @throws {UsageError} where the sizes differ.
 */
export function applyMask<Values extends Floats>(values: Values, mask: Float32Array): Values {
  if (values.length !== mask.length) {
    throw new UsageError(`a mask of ${mask.length} values for ${values.length} weights: sizes must be equal`);
  }
  return values.map((value, i) => value * mask[i]) as Values;
}
