import { EPSILON } from '../reference/arguments.ts';
import type { LinearMap } from '../reference/linear-map.ts';
import { type Noise, normalNoise, spread } from '../reference/noise.ts';
import { type DenseTensor, elementwise, requireShape } from '../reference/tensor.ts';
import {
  type ClipOptions,
  checkVariationalPair,
  clippedVariance,
  type EvaluationOptions,
  maskedTheta,
  throughClip,
  type VariationalGradients,
  type VariationalPair,
} from './log-alpha.ts';

/** Gradients of a loss in the input and in both tensors of a pair. */
export interface ProductGradients extends VariationalGradients {
  readonly x: DenseTensor;
}

/**
 * Training form of a linear map by the local reparameterisation (Kingma, Salimans & Welling 2015, equation 6): its results are
 * drawn, not its weights, with the mean and the variance they have when every weight is normal.
 *
 *     y = f(x, θ) + √(f(x², σ²) + ε) ⊙ noise
 */
export function sampledProduct(
  map: LinearMap,
  x: DenseTensor,
  pair: VariationalPair,
  noise: Noise,
  options: ClipOptions,
): DenseTensor {
  const { mean, deviation, drawn } = parts(map, x, pair, noise, options);
  return elementwise((m, s, e) => m + s * e, mean, deviation, drawn);
}

/** Gradients of `sampledProduct` for a loss with gradient `dy` in its result. */
export function sampledProductGradients(
  map: LinearMap,
  dy: DenseTensor,
  x: DenseTensor,
  pair: VariationalPair,
  noise: Noise,
  options: ClipOptions,
): ProductGradients {
  const { squares, variance, deviation, drawn } = parts(map, x, pair, noise, options);
  requireShape('dy', dy, deviation.shape);
  const [theta] = pair;
  const dVariance = elementwise((g, e, s) => (g * e) / (2 * s), dy, drawn, deviation);
  const dWeightVariance = map.weightGradient(dVariance, squares, theta.shape);
  const dLogVariance = elementwise((d, v) => d * v, dWeightVariance, variance);
  return {
    x: elementwise(
      (direct, value, noisy) => direct + 2 * value * noisy,
      map.inputGradient(dy, theta, x.shape),
      x,
      map.inputGradient(dVariance, variance, x.shape),
    ),
    ...throughClip(pair, map.weightGradient(dy, x, theta.shape), dLogVariance, options),
  };
}

/** Evaluation form of a linear map: `f(x, θ ⊙ mask)`. */
export function maskedProduct(
  map: LinearMap,
  x: DenseTensor,
  pair: VariationalPair,
  options: EvaluationOptions,
): DenseTensor {
  const weights = maskedTheta(pair, options);
  map.check(x, weights);
  return map.apply(x, weights);
}

function parts(map: LinearMap, x: DenseTensor, pair: VariationalPair, noise: Noise, options: ClipOptions) {
  const { epsilon = EPSILON } = options;
  checkVariationalPair(pair, options);
  map.check(x, pair[0]);
  const squares = elementwise((value) => value * value, x);
  const variance = clippedVariance(pair, options);
  const mean = map.apply(x, pair[0]);
  const deviation = elementwise((v) => Math.sqrt(v + epsilon), map.apply(squares, variance));
  const drawn = spread(normalNoise(noise, map.noiseShape(mean.shape)), mean.shape);
  return { squares, variance, mean, deviation, drawn };
}
