import { type WeightSparsity, zeroFractions } from '../reference/sparsity.ts';
import { type GatedPair, meanGatedTheta } from './gated-product.ts';
import type { GateOptions } from './hard-concrete.ts';

/** Fractions of weights that are 0 at evaluation: θ times the gate of evaluation, so that a θ of 0 counts too. */
export function weightSparsity(pairs: readonly GatedPair[], options: GateOptions = {}): WeightSparsity {
  return zeroFractions(pairs.map((pair) => meanGatedTheta(pair, options)));
}
