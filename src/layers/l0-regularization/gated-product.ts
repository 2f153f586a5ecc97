import { checkPair } from '../reference/arguments.ts';
import type { LinearMap } from '../reference/linear-map.ts';
import type { Noise } from '../reference/noise.ts';
import { type DenseTensor, elementwise, requireShape, type Shaped } from '../reference/tensor.ts';
import {
  type HardConcreteOptions,
  hardConcreteMean,
  hardConcreteSample,
  hardConcreteSampleSlope,
} from './hard-concrete.ts';

/** Weights with their gates: θ and `log α`, the location of each weight's hard concrete gate, of one shape. */
export type GatedPair = readonly [theta: DenseTensor, logAlpha: DenseTensor];

/** Gradients of a loss in both tensors of a pair. */
export interface GatedGradients {
  readonly theta: DenseTensor;
  readonly logAlpha: DenseTensor;
}

/** Gradients of a loss in the input and in both tensors of a pair. */
export interface ProductGradients extends GatedGradients {
  readonly x: DenseTensor;
}

/** Weights with a drawn gate each, `θ ⊙ z` (Louizos, Welling & Kingma 2018, equation 2). */
export function gatedTheta(pair: GatedPair, noise: Noise, options: HardConcreteOptions): DenseTensor {
  checkGatedPair(pair);
  return elementwise((t, z) => t * z, pair[0], hardConcreteSample(pair[1], noise, options));
}

/** Gradients of `gatedTheta` for a loss with gradient `dWeights` in its result. */
export function gatedThetaGradients(
  dWeights: DenseTensor,
  pair: GatedPair,
  noise: Noise,
  options: HardConcreteOptions,
): GatedGradients {
  const [theta, logAlpha] = pair;
  return {
    theta: elementwise((d, z) => d * z, dWeights, hardConcreteSample(logAlpha, noise, options)),
    logAlpha: elementwise(
      (d, t, slope) => d * t * slope,
      dWeights,
      theta,
      hardConcreteSampleSlope(logAlpha, noise, options),
    ),
  };
}

/** The weights of evaluation, θ times the gate of evaluation. */
export function meanGatedTheta(pair: GatedPair, options: HardConcreteOptions): DenseTensor {
  checkGatedPair(pair);
  return elementwise((t, gate) => t * gate, pair[0], hardConcreteMean(pair[1], options));
}

/** Training form of a linear map: one gate for each weight, shared by the batch. */
export function gatedProduct(
  map: LinearMap,
  x: DenseTensor,
  pair: GatedPair,
  noise: Noise,
  options: HardConcreteOptions,
): DenseTensor {
  const weights = gatedTheta(pair, noise, options);
  map.check(x, weights);
  return map.apply(x, weights);
}

/** Gradients of `gatedProduct` for a loss with gradient `dy` in its result. */
export function gatedProductGradients(
  map: LinearMap,
  dy: DenseTensor,
  x: DenseTensor,
  pair: GatedPair,
  noise: Noise,
  options: HardConcreteOptions,
): ProductGradients {
  const weights = gatedTheta(pair, noise, options);
  map.check(x, weights);
  requireShape('dy', dy, map.apply(x, weights).shape);
  return {
    x: map.inputGradient(dy, weights, x.shape),
    ...gatedThetaGradients(map.weightGradient(dy, x, weights.shape), pair, noise, options),
  };
}

/** Evaluation form of a linear map. */
export function meanGatedProduct(
  map: LinearMap,
  x: DenseTensor,
  pair: GatedPair,
  options: HardConcreteOptions,
): DenseTensor {
  const weights = meanGatedTheta(pair, options);
  map.check(x, weights);
  return map.apply(x, weights);
}

/** Refuses a pair of different shapes. */
export function checkGatedPair(pair: readonly [theta: Shaped, logAlpha: Shaped]): void {
  checkPair(pair, ['theta', 'logAlpha']);
}
