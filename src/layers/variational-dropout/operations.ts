import { type ConvolutionOptions, convolutionMap } from '../reference/convolution.ts';
import { gatherRows, type Ids, scatterRows } from '../reference/gather.ts';
import { broadcastMatmulMap, type MatmulOptions, matmulMap } from '../reference/matmul.ts';
import { type Noise, normalNoise } from '../reference/noise.ts';
import { type DenseTensor, requireShape } from '../reference/tensor.ts';
import {
  type ClipOptions,
  checkVariationalPair,
  type EvaluationOptions,
  maskedTheta,
  type VariationalGradients,
  type VariationalPair,
} from './log-alpha.ts';
import {
  maskedProduct,
  type ProductGradients,
  sampledProduct,
  sampledProductGradients,
} from './sampled-product.ts';
import { sampledWeights, sampledWeightsGradients } from './sampled-weights.ts';

/*
 * Variational dropout of the four linear operations (Molchanov, Ashukha & Vetrov 2017): `…Train` draws, `…TrainGradients` is
 * its transpose for the same noise, `…Eval` computes with the weights that are kept. All in float64. All throw UsageErrors
 * that name an argument whose shape, rank or range is wrong.
 */

/**
 * `x [m, n] · θ [n, k]` with a draw for every element of the result.
 * @param noise standard normal, `[m, k]`, or the key to draw it from
 * @returns `[m, k]`
 */
export function matmulTrain(
  x: DenseTensor,
  pair: VariationalPair,
  noise: Noise,
  options: MatmulOptions & ClipOptions = {},
): DenseTensor {
  return sampledProduct(matmulMap(options), x, pair, noise, options);
}

/** Gradients of `matmulTrain`. @param dy `[m, k]` */
export function matmulTrainGradients(
  dy: DenseTensor,
  x: DenseTensor,
  pair: VariationalPair,
  noise: Noise,
  options: MatmulOptions & ClipOptions = {},
): ProductGradients {
  return sampledProductGradients(matmulMap(options), dy, x, pair, noise, options);
}

/** `x [m, n] · (θ ⊙ mask) [n, k] → [m, k]` */
export function matmulEval(
  x: DenseTensor,
  pair: VariationalPair,
  options: MatmulOptions & EvaluationOptions = {},
): DenseTensor {
  return maskedProduct(matmulMap(options), x, pair, options);
}

/**
 * `x [d0, …, n] · θ [n, k]`. All positions of a batch element share its noise: they are perfectly correlated, which is not
 * what one drawn weight matrix for all of them would give, though each alone has the same distribution.
 * @param noise standard normal, `[d0, 1, …, k]`, or the key to draw it from
 * @returns `[d0, …, k]`
 */
export function broadcastMatmulTrain(
  x: DenseTensor,
  pair: VariationalPair,
  noise: Noise,
  options: ClipOptions = {},
): DenseTensor {
  return sampledProduct(broadcastMatmulMap(), x, pair, noise, options);
}

/** Gradients of `broadcastMatmulTrain`. @param dy `[d0, …, k]` */
export function broadcastMatmulTrainGradients(
  dy: DenseTensor,
  x: DenseTensor,
  pair: VariationalPair,
  noise: Noise,
  options: ClipOptions = {},
): ProductGradients {
  return sampledProductGradients(broadcastMatmulMap(), dy, x, pair, noise, options);
}

/** `x [d0, …, n] · (θ ⊙ mask) [n, k] → [d0, …, k]` */
export function broadcastMatmulEval(
  x: DenseTensor,
  pair: VariationalPair,
  options: EvaluationOptions = {},
): DenseTensor {
  return maskedProduct(broadcastMatmulMap(), x, pair, options);
}

/**
 * Convolution of `x [B, H, W, I]` with `θ [kh, kw, I, O]`, with a draw for every element of the result.
 * @param noise standard normal, `[B, H', W', O]`, or the key to draw it from
 * @returns `[B, H', W', O]`
 */
export function conv2dTrain(
  x: DenseTensor,
  pair: VariationalPair,
  noise: Noise,
  options: ConvolutionOptions & ClipOptions,
): DenseTensor {
  return sampledProduct(convolutionMap(options), x, pair, noise, options);
}

/** Gradients of `conv2dTrain`. @param dy `[B, H', W', O]` */
export function conv2dTrainGradients(
  dy: DenseTensor,
  x: DenseTensor,
  pair: VariationalPair,
  noise: Noise,
  options: ConvolutionOptions & ClipOptions,
): ProductGradients {
  return sampledProductGradients(convolutionMap(options), dy, x, pair, noise, options);
}

/** Convolution of `x [B, H, W, I]` with `θ ⊙ mask [kh, kw, I, O]` to `[B, H', W', O]`. */
export function conv2dEval(
  x: DenseTensor,
  pair: VariationalPair,
  options: ConvolutionOptions & EvaluationOptions,
): DenseTensor {
  return maskedProduct(convolutionMap(options), x, pair, options);
}

/**
 * Rows of `θ [V, D]` with a draw for every element of every occurrence: an id that comes twice gets two draws.
 * @param noise standard normal, `[…ids.shape, D]`, or the key to draw it from
 * @returns `[…ids.shape, D]`
 */
export function embeddingLookupTrain(
  pair: VariationalPair,
  ids: Ids,
  noise: Noise,
  options: ClipOptions = {},
): DenseTensor {
  const gathered = gatherPair(pair, ids, options);
  return sampledWeights(gathered, normalNoise(noise, gathered[0].shape), options);
}

/** Gradients of `embeddingLookupTrain`: rows that occur often sum theirs. @param dy `[…ids.shape, D]` */
export function embeddingLookupTrainGradients(
  dy: DenseTensor,
  pair: VariationalPair,
  ids: Ids,
  noise: Noise,
  options: ClipOptions = {},
): VariationalGradients {
  const gathered = gatherPair(pair, ids, options);
  const { shape } = gathered[0];
  requireShape('dy', dy, shape);
  const { theta, logSigma2 } = sampledWeightsGradients(dy, gathered, normalNoise(noise, shape), options);
  return {
    theta: scatterRows(theta, ids, pair[0].shape),
    logSigma2: scatterRows(logSigma2, ids, pair[0].shape),
  };
}

/** Rows of `θ ⊙ mask [V, D]`: `[…ids.shape, D]` */
export function embeddingLookupEval(
  pair: VariationalPair,
  ids: Ids,
  options: EvaluationOptions = {},
): DenseTensor {
  return gatherRows(maskedTheta(pair, options), ids);
}

function gatherPair(pair: VariationalPair, ids: Ids, options: ClipOptions): VariationalPair {
  checkVariationalPair(pair, options);
  return [gatherRows(pair[0], ids), gatherRows(pair[1], ids)];
}
