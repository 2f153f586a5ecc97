import { EPSILON } from '../reference/arguments.ts';
import { type DenseTensor, elementwise } from '../reference/tensor.ts';
import {
  type ClipOptions,
  clippedVariance,
  throughClip,
  type VariationalGradients,
  type VariationalPair,
} from './log-alpha.ts';

/** Weights drawn outright, `θ + √(σ² + ε) ⊙ noise`, where there is no product to draw the results of. */
export function sampledWeights(pair: VariationalPair, noise: DenseTensor, options: ClipOptions): DenseTensor {
  const { epsilon = EPSILON } = options;
  return elementwise(
    (t, v, e) => t + Math.sqrt(v + epsilon) * e,
    pair[0],
    clippedVariance(pair, options),
    noise,
  );
}

/** Gradients of `sampledWeights` for a loss with gradient `dWeights` in its result. */
export function sampledWeightsGradients(
  dWeights: DenseTensor,
  pair: VariationalPair,
  noise: DenseTensor,
  options: ClipOptions,
): VariationalGradients {
  const { epsilon = EPSILON } = options;
  const dLogVariance = elementwise(
    (d, e, v) => (d * e * v) / (2 * Math.sqrt(v + epsilon)),
    dWeights,
    noise,
    clippedVariance(pair, options),
  );
  return throughClip(pair, dWeights, dLogVariance, options);
}
