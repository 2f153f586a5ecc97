import { checkPair } from '../reference/arguments.ts';
import { type WeightSparsity, zeroFractions } from '../reference/sparsity.ts';
import { type DenseTensor, elementwise, type Shaped } from '../reference/tensor.ts';

/** Weights with their mask, 1 where a weight is kept and else 0, of one shape. */
export type MaskedPair = readonly [theta: DenseTensor, mask: DenseTensor];

/** `θ ⊙ mask`: what a masked layer computes with, in training and at evaluation (Zhu & Gupta 2017, §3). */
export function maskedTheta(pair: MaskedPair): DenseTensor {
  checkMaskedPair(pair);
  return elementwise((t, kept) => t * kept, ...pair);
}

/**
 * Gradient of `maskedTheta` in θ for a loss with gradient `dWeights` in its result: a pruned weight gets none, and keeps its
 * value.
 */
export function maskedThetaGradient(dWeights: DenseTensor, [, mask]: MaskedPair): DenseTensor {
  return elementwise((d, kept) => d * kept, dWeights, mask);
}

/** Refuses a pair of different shapes. */
export function checkMaskedPair(pair: readonly [theta: Shaped, mask: Shaped]): void {
  checkPair(pair, ['theta', 'mask']);
}

/** Fractions of weights that are pruned: zeros of the masks. @throws {UsageError} where there are no weights. */
export function weightSparsity(pairs: readonly MaskedPair[]): WeightSparsity {
  for (const pair of pairs) checkMaskedPair(pair);
  return zeroFractions(pairs.map(([, mask]) => mask));
}
