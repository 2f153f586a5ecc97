import { type ConvolutionOptions, convolutionMap } from '../reference/convolution.ts';
import { gatherRows, type Ids, scatterRows } from '../reference/gather.ts';
import { broadcastMatmulMap, type MatmulOptions, matmulMap } from '../reference/matmul.ts';
import type { Noise } from '../reference/noise.ts';
import { type DenseTensor, requireShape } from '../reference/tensor.ts';
import {
  checkGatedPair,
  type GatedGradients,
  type GatedPair,
  gatedProduct,
  gatedProductGradients,
  gatedTheta,
  gatedThetaGradients,
  meanGatedProduct,
  meanGatedTheta,
  type ProductGradients,
} from './gated-product.ts';
import type { GateOptions, HardConcreteOptions } from './hard-concrete.ts';

/*
 * L0 regularisation of the four linear operations (Louizos, Welling & Kingma 2018): `…Train` draws a gate for every weight,
 * `…TrainGradients` is its transpose for the same noise, `…Eval` computes with the gates of evaluation. All in float64. All
 * throw UsageErrors that name an argument whose shape, rank or range is wrong.
 *
 * The results of training are not evaluation with noise added: a drawn gate does not have the gate of evaluation for its mean.
 */

/**
 * `x [m, n] · (θ ⊙ z) [n, k]`
 * @param noise uniform in [0, 1), of the shape of θ, or the key to draw it from
 * @returns `[m, k]`
 */
export function matmulTrain(
  x: DenseTensor,
  pair: GatedPair,
  noise: Noise,
  options: MatmulOptions & HardConcreteOptions = {},
): DenseTensor {
  return gatedProduct(matmulMap(options), x, pair, noise, options);
}

/** Gradients of `matmulTrain`. @param dy `[m, k]` */
export function matmulTrainGradients(
  dy: DenseTensor,
  x: DenseTensor,
  pair: GatedPair,
  noise: Noise,
  options: MatmulOptions & HardConcreteOptions = {},
): ProductGradients {
  return gatedProductGradients(matmulMap(options), dy, x, pair, noise, options);
}

/** `x [m, n] · (θ ⊙ gate) [n, k] → [m, k]` */
export function matmulEval(
  x: DenseTensor,
  pair: GatedPair,
  options: MatmulOptions & GateOptions = {},
): DenseTensor {
  return meanGatedProduct(matmulMap(options), x, pair, options);
}

/**
 * `x [d0, …, n] · (θ ⊙ z) [n, k]`, one matrix for all positions.
 * @param noise uniform in [0, 1), `[n, k]`, or the key to draw it from
 * @returns `[d0, …, k]`
 */
export function broadcastMatmulTrain(
  x: DenseTensor,
  pair: GatedPair,
  noise: Noise,
  options: HardConcreteOptions = {},
): DenseTensor {
  return gatedProduct(broadcastMatmulMap(), x, pair, noise, options);
}

/** Gradients of `broadcastMatmulTrain`. @param dy `[d0, …, k]` */
export function broadcastMatmulTrainGradients(
  dy: DenseTensor,
  x: DenseTensor,
  pair: GatedPair,
  noise: Noise,
  options: HardConcreteOptions = {},
): ProductGradients {
  return gatedProductGradients(broadcastMatmulMap(), dy, x, pair, noise, options);
}

/** `x [d0, …, n] · (θ ⊙ gate) [n, k] → [d0, …, k]` */
export function broadcastMatmulEval(x: DenseTensor, pair: GatedPair, options: GateOptions = {}): DenseTensor {
  return meanGatedProduct(broadcastMatmulMap(), x, pair, options);
}

/**
 * Convolution of `x [B, H, W, I]` with `θ ⊙ z [kh, kw, I, O]`.
 * @param noise uniform in [0, 1), of the shape of θ, or the key to draw it from
 * @returns `[B, H', W', O]`
 */
export function conv2dTrain(
  x: DenseTensor,
  pair: GatedPair,
  noise: Noise,
  options: ConvolutionOptions & HardConcreteOptions,
): DenseTensor {
  return gatedProduct(convolutionMap(options), x, pair, noise, options);
}

/** Gradients of `conv2dTrain`. @param dy `[B, H', W', O]` */
export function conv2dTrainGradients(
  dy: DenseTensor,
  x: DenseTensor,
  pair: GatedPair,
  noise: Noise,
  options: ConvolutionOptions & HardConcreteOptions,
): ProductGradients {
  return gatedProductGradients(convolutionMap(options), dy, x, pair, noise, options);
}

/** Convolution of `x [B, H, W, I]` with `θ ⊙ gate [kh, kw, I, O]` to `[B, H', W', O]`. */
export function conv2dEval(
  x: DenseTensor,
  pair: GatedPair,
  options: ConvolutionOptions & GateOptions,
): DenseTensor {
  return meanGatedProduct(convolutionMap(options), x, pair, options);
}

/**
 * Rows of `θ [V, D]` with a gate for every element of every occurrence: an id that comes twice gets two draws.
 * @param noise uniform in [0, 1), `[…ids.shape, D]`, or the key to draw it from
 * @returns `[…ids.shape, D]`
 */
export function embeddingLookupTrain(
  pair: GatedPair,
  ids: Ids,
  noise: Noise,
  options: HardConcreteOptions = {},
): DenseTensor {
  return gatedTheta(gatherPair(pair, ids), noise, options);
}

/** Gradients of `embeddingLookupTrain`: rows that occur often sum theirs. @param dy `[…ids.shape, D]` */
export function embeddingLookupTrainGradients(
  dy: DenseTensor,
  pair: GatedPair,
  ids: Ids,
  noise: Noise,
  options: HardConcreteOptions = {},
): GatedGradients {
  const gathered = gatherPair(pair, ids);
  requireShape('dy', dy, gathered[0].shape);
  const { theta, logAlpha } = gatedThetaGradients(dy, gathered, noise, options);
  return {
    theta: scatterRows(theta, ids, pair[0].shape),
    logAlpha: scatterRows(logAlpha, ids, pair[0].shape),
  };
}

/** Rows of `θ ⊙ gate [V, D]`: `[…ids.shape, D]` */
export function embeddingLookupEval(pair: GatedPair, ids: Ids, options: GateOptions = {}): DenseTensor {
  return gatherRows(meanGatedTheta(pair, options), ids);
}

function gatherPair(pair: GatedPair, ids: Ids): GatedPair {
  checkGatedPair(pair);
  return [gatherRows(pair[0], ids), gatherRows(pair[1], ids)];
}
