import { UsageError } from '../../base/errors.ts';
import { DEFAULT_LOG_ALPHA_THRESHOLD } from '../../base/numerics.ts';
import type { DeviceTensor } from '../../graph/device/scope.ts';
import { elementwise, square } from '../../graph/differentiation/elementwise.ts';
import { gather } from '../../graph/differentiation/embedding.ts';
import { sum } from '../../graph/differentiation/reductions.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import { repeatColumns } from '../../graph/operations/repeat-columns.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import {
  convolutionMap,
  type DeviceConvolutionOptions,
  type DeviceLinearMap,
  matmulMap,
} from '../device/linear-map.ts';
import { checkEpsilon, checkPair, checkThreshold, EPSILON } from '../reference/arguments.ts';
import type { MatmulOptions } from '../reference/matmul.ts';
import { requireShape } from '../reference/tensor.ts';
import {
  CLIPPED_VARIANCE,
  KL_DIVERGENCE,
  LOG_ALPHA_OF,
  LOG_SIGMA2_OF,
  MASKED,
  NOISY,
  VARIANCE,
} from './formulas.ts';
import {
  type ClipOptions,
  checkVariationalPair,
  type EvaluationOptions,
  type LogAlphaOptions,
} from './log-alpha.ts';

/*
 * Variational dropout on a device: the reference's operations recorded on a tape, in float32, on feature-major activations
 * `[features, columns]`. The tape derives their gradients, which are the reference's. Noise is a tensor: see `randomNumbers` for
 * drawing it from a key, by columns, so that it is what the reference draws. All throw UsageErrors that name an argument whose
 * shape or range is wrong. log σ² counts as 87 beyond that.
 */

/** Weights and `log σ²` of one shape, as checkpoints store them. */
export type DeviceVariationalPair = readonly [theta: GraphTensor, logSigma2: GraphTensor];

/** Stands for no bound, where a formula has one. */
const UNBOUNDED = 3e38;

/**
 * `θᵀ · x` with a draw for every element of the result.
 * @param x `[inputs, columns]`, with `transposeA` `[columns, inputs]`
 * @param pair `[inputs, outputs]`, with `transposeB` `[outputs, inputs]`
 * @param noise standard normal, `[outputs, columns]`
 * @returns `[outputs, columns]`
 */
export function matmulTrain(
  tape: Tape,
  x: GraphTensor,
  pair: DeviceVariationalPair,
  noise: GraphTensor,
  options: MatmulOptions & ClipOptions = {},
): GraphTensor {
  return sampledProduct(tape, matmulMap(tape, options), x, pair, noise, options);
}

/** `(θ ⊙ mask)ᵀ · x`, shapes as of `matmulTrain`. */
export function matmulEval(
  tape: Tape,
  x: GraphTensor,
  pair: DeviceVariationalPair,
  options: MatmulOptions & EvaluationOptions = {},
): GraphTensor {
  return matmulMap(tape, options)(x, maskedTheta(tape, pair, options));
}

/**
 * `θᵀ · x` with noise that the positions of a batch element share.
 * @param x `[inputs, batch · positions]`, the positions of a batch element next to each other
 * @param pair `[inputs, outputs]`
 * @param noise standard normal, `[outputs, batch]`
 * @returns `[outputs, batch · positions]`
 */
export function broadcastMatmulTrain(
  tape: Tape,
  x: GraphTensor,
  pair: DeviceVariationalPair,
  noise: GraphTensor,
  options: ClipOptions = {},
): GraphTensor {
  const [columns, batch] = [x.shape[1], noise.shape[1]];
  if (columns % batch !== 0) {
    throw new UsageError(
      `noise is [${noise.shape.join(', ')}]: x [${x.shape.join(', ')}] has no ${batch} batch elements of equal length`,
    );
  }
  const shared = repeatColumns(tape.graph, noise, columns / batch);
  return sampledProduct(tape, matmulMap(tape), x, pair, shared, options);
}

/** `(θ ⊙ mask)ᵀ · x`, shapes as of `broadcastMatmulTrain`. */
export function broadcastMatmulEval(
  tape: Tape,
  x: GraphTensor,
  pair: DeviceVariationalPair,
  options: EvaluationOptions = {},
): GraphTensor {
  return matmulEval(tape, x, pair, options);
}

/**
 * Convolution with a draw for every element of the result.
 * @param x `[channels, pixels]`, pixels in the order of NHWC
 * @param pair `[kh, kw, channels, outputs]`
 * @param noise standard normal, `[outputs, pixels of the output]`
 * @returns `[outputs, pixels of the output]`
 */
export function conv2dTrain(
  tape: Tape,
  x: GraphTensor,
  pair: DeviceVariationalPair,
  noise: GraphTensor,
  options: DeviceConvolutionOptions & ClipOptions,
): GraphTensor {
  return sampledProduct(tape, convolutionMap(tape, options), x, pair, noise, options);
}

/** Convolution with `θ ⊙ mask`, shapes as of `conv2dTrain`. */
export function conv2dEval(
  tape: Tape,
  x: GraphTensor,
  pair: DeviceVariationalPair,
  options: DeviceConvolutionOptions & EvaluationOptions,
): GraphTensor {
  return convolutionMap(tape, options)(x, maskedTheta(tape, pair, options));
}

/**
 * Rows of θ as columns, with a draw for every element of every occurrence.
 * @param pair `[vocabulary, features]`
 * @param ids `[columns]`, unsigned integers below the vocabulary
 * @param noise standard normal, `[features, columns]`
 * @returns `[features, columns]`
 */
export function embeddingLookupTrain(
  tape: Tape,
  pair: DeviceVariationalPair,
  ids: DeviceTensor,
  noise: GraphTensor,
  options: ClipOptions = {},
): GraphTensor {
  checkVariationalPair(pair, options);
  const gathered = [gather(tape, pair[0], ids), gather(tape, pair[1], ids)] as const;
  return sampledWeights(tape, gathered, noise, options);
}

/** Rows of `θ ⊙ mask` as columns, shapes as of `embeddingLookupTrain`. */
export function embeddingLookupEval(
  tape: Tape,
  pair: DeviceVariationalPair,
  ids: DeviceTensor,
  options: EvaluationOptions = {},
): GraphTensor {
  return gather(tape, maskedTheta(tape, pair, options), ids);
}

/** log α of every weight; see the reference's. */
export function computeLogAlpha(
  tape: Tape,
  logSigma2: GraphTensor,
  theta: GraphTensor,
  options: LogAlphaOptions = {},
): GraphTensor {
  const { valueLimit, epsilon = EPSILON } = { valueLimit: 8, ...options };
  checkVariationalPair([theta, logSigma2], { clipAlpha: valueLimit, epsilon });
  return elementwise(
    tape,
    LOG_ALPHA_OF,
    { theta, log_sigma2: logSigma2 },
    { limit: bound(valueLimit), epsilon },
  );
}

/** log σ² of every weight; see the reference's. */
export function computeLogSigma2(
  tape: Tape,
  logAlpha: GraphTensor,
  theta: GraphTensor,
  options: { readonly epsilon?: number } = {},
): GraphTensor {
  const { epsilon = EPSILON } = options;
  checkPair([logAlpha, theta], ['logAlpha', 'theta']);
  checkEpsilon(epsilon);
  return elementwise(tape, LOG_SIGMA2_OF, { log_alpha: logAlpha, theta }, { epsilon });
}

/** KL divergence from the log-uniform prior, summed over all weights, a scalar `[1, 1]`; no two runs differ. */
export function klDivergence(
  tape: Tape,
  pair: DeviceVariationalPair,
  options: ClipOptions = {},
): GraphTensor {
  checkVariationalPair(pair, options);
  const [theta, log_sigma2] = pair;
  const { clipAlpha, epsilon = EPSILON } = options;
  return sum(
    tape,
    elementwise(tape, KL_DIVERGENCE, { theta, log_sigma2 }, { limit: bound(clipAlpha), epsilon }),
  );
}

/** Weights drawn outright, `θ + √(σ² + ε) ⊙ noise`, of the shape of the pair. */
export function sampledWeights(
  tape: Tape,
  pair: DeviceVariationalPair,
  noise: GraphTensor,
  options: ClipOptions = {},
): GraphTensor {
  checkVariationalPair(pair, options);
  return noisy(tape, pair[0], clippedVariance(tape, pair, options), noise, options);
}

/**
 * The weights of evaluation, θ where log α lies below the threshold. Within a few units in the last place of the threshold the
 * device may decide otherwise than TensorFlow; weights of checkpoints are decided on the host.
 */
export function maskedTheta(
  tape: Tape,
  pair: DeviceVariationalPair,
  options: EvaluationOptions = {},
): GraphTensor {
  const { threshold = DEFAULT_LOG_ALPHA_THRESHOLD, epsilon = EPSILON } = options;
  checkVariationalPair(pair, { epsilon });
  checkThreshold(threshold);
  const [theta, log_sigma2] = pair;
  return elementwise(tape, MASKED, { theta, log_sigma2 }, { threshold: bound(threshold), epsilon });
}

/** A linear operation with a draw for every element of its result. @param noise standard normal, of the result's shape */
export function sampledProduct(
  tape: Tape,
  map: DeviceLinearMap,
  x: GraphTensor,
  pair: DeviceVariationalPair,
  noise: GraphTensor,
  options: ClipOptions,
): GraphTensor {
  checkVariationalPair(pair, options);
  const mean = map(x, pair[0]);
  const variance = map(square(tape, x), clippedVariance(tape, pair, options));
  return noisy(tape, mean, variance, noise, options);
}

function clippedVariance(
  tape: Tape,
  [theta, log_sigma2]: DeviceVariationalPair,
  options: ClipOptions,
): GraphTensor {
  const { clipAlpha, epsilon = EPSILON } = options;
  return typeof clipAlpha === 'number'
    ? elementwise(tape, CLIPPED_VARIANCE, { theta, log_sigma2 }, { limit: bound(clipAlpha), epsilon })
    : elementwise(tape, VARIANCE, { log_sigma2 });
}

function noisy(
  tape: Tape,
  mean: GraphTensor,
  variance: GraphTensor,
  noise: GraphTensor,
  { epsilon = EPSILON }: ClipOptions,
): GraphTensor {
  requireShape('noise', noise, mean.shape);
  return elementwise(tape, NOISY, { mean, variance, noise }, { epsilon });
}

/** A bound as a formula takes it: infinities do not survive every device. */
function bound(value: number | null | undefined): number {
  return Math.min(UNBOUNDED, Math.max(-UNBOUNDED, value ?? UNBOUNDED));
}
