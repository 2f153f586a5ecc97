import { type WeightSparsity, zeroFractions } from '../reference/sparsity.ts';
import { type EvaluationOptions, evaluationMask, type VariationalPair } from './log-alpha.ts';

/** Fractions of weights that evaluation drops, whatever their value: log α unclipped, at or above the threshold. */
export function weightSparsity(
  pairs: readonly VariationalPair[],
  options: EvaluationOptions = {},
): WeightSparsity {
  return zeroFractions(pairs.map((pair) => evaluationMask(pair, options)));
}
