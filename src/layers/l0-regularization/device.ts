import type { DeviceTensor } from '../../graph/device/scope.ts';
import { elementwise, multiply } from '../../graph/differentiation/elementwise.ts';
import { gather } from '../../graph/differentiation/embedding.ts';
import { sum } from '../../graph/differentiation/reductions.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import { convolutionMap, type DeviceConvolutionOptions, matmulMap } from '../device/linear-map.ts';
import type { MatmulOptions } from '../reference/matmul.ts';
import { requireShape } from '../reference/tensor.ts';
import { ACTIVE, GATE, MEAN_GATE } from './formulas.ts';
import { checkGatedPair } from './gated-product.ts';
import { activeShift, type GateOptions, type HardConcreteOptions, parameters } from './hard-concrete.ts';

/*
 * L0 regularisation on a device: the reference's operations recorded on a tape, in float32, on feature-major activations
 * `[features, columns]`. The tape derives their gradients, which are the reference's. Noise is a tensor: see `randomNumbers` for
 * drawing it from a key, row by row for gates of weights, by columns for an embedding, so that it is what the reference draws.
 * All throw UsageErrors that name an argument whose shape or range is wrong.
 */

/** Weights and `log α` of one shape, as checkpoints store them. */
export type DeviceGatedPair = readonly [theta: GraphTensor, logAlpha: GraphTensor];

/**
 * `(θ ⊙ z)ᵀ · x`, all columns with the same gates.
 * @param x `[inputs, columns]`, with `transposeA` `[columns, inputs]`
 * @param pair `[inputs, outputs]`, with `transposeB` `[outputs, inputs]`
 * @param noise uniform in [0, 1), of the shape of θ
 * @returns `[outputs, columns]`
 */
export function matmulTrain(
  tape: Tape,
  x: GraphTensor,
  pair: DeviceGatedPair,
  noise: GraphTensor,
  options: MatmulOptions & HardConcreteOptions = {},
): GraphTensor {
  return matmulMap(tape, options)(x, gatedTheta(tape, pair, noise, options));
}

/** `(θ ⊙ gate)ᵀ · x`, shapes as of `matmulTrain`. */
export function matmulEval(
  tape: Tape,
  x: GraphTensor,
  pair: DeviceGatedPair,
  options: MatmulOptions & GateOptions = {},
): GraphTensor {
  return matmulMap(tape, options)(x, meanGatedTheta(tape, pair, options));
}

/** Positions of a batch element are columns like any other: the broadcast forms are the plain ones. */
export const broadcastMatmulTrain: typeof matmulTrain = matmulTrain;
/** As `matmulEval`, see `broadcastMatmulTrain`. */
export const broadcastMatmulEval: typeof matmulEval = matmulEval;

/**
 * Convolution with `θ ⊙ z`.
 * @param x `[channels, pixels]`, pixels in the order of NHWC
 * @param pair `[kh, kw, channels, outputs]`
 * @param noise uniform in [0, 1), of the shape of θ
 * @returns `[outputs, pixels of the output]`
 */
export function conv2dTrain(
  tape: Tape,
  x: GraphTensor,
  pair: DeviceGatedPair,
  noise: GraphTensor,
  options: DeviceConvolutionOptions & HardConcreteOptions,
): GraphTensor {
  return convolutionMap(tape, options)(x, gatedTheta(tape, pair, noise, options));
}

/** Convolution with `θ ⊙ gate`, shapes as of `conv2dTrain`. */
export function conv2dEval(
  tape: Tape,
  x: GraphTensor,
  pair: DeviceGatedPair,
  options: DeviceConvolutionOptions & GateOptions,
): GraphTensor {
  return convolutionMap(tape, options)(x, meanGatedTheta(tape, pair, options));
}

/**
 * Rows of θ as columns, with a gate for every element of every occurrence.
 * @param pair `[vocabulary, features]`
 * @param ids `[columns]`, unsigned integers below the vocabulary
 * @param noise uniform in [0, 1), `[features, columns]`
 * @returns `[features, columns]`
 */
export function embeddingLookupTrain(
  tape: Tape,
  pair: DeviceGatedPair,
  ids: DeviceTensor,
  noise: GraphTensor,
  options: HardConcreteOptions = {},
): GraphTensor {
  checkGatedPair(pair);
  return gatedTheta(tape, [gather(tape, pair[0], ids), gather(tape, pair[1], ids)], noise, options);
}

/** Rows of `θ ⊙ gate` as columns, shapes as of `embeddingLookupTrain`. */
export function embeddingLookupEval(
  tape: Tape,
  pair: DeviceGatedPair,
  ids: DeviceTensor,
  options: GateOptions = {},
): GraphTensor {
  return gather(tape, meanGatedTheta(tape, pair, options), ids);
}

/** Draws a gate in [0, 1] for every element of `logAlpha`. @param noise uniform in [0, 1), of its shape */
export function hardConcreteSample(
  tape: Tape,
  logAlpha: GraphTensor,
  noise: GraphTensor,
  options: HardConcreteOptions = {},
): GraphTensor {
  requireShape('noise', noise, logAlpha.shape);
  return elementwise(tape, GATE, { log_alpha: logAlpha, u: noise }, { ...parameters(options) });
}

/** The gate of evaluation, for every element of `logAlpha`. */
export function hardConcreteMean(tape: Tape, logAlpha: GraphTensor, options: GateOptions = {}): GraphTensor {
  const { gamma, zeta } = parameters(options);
  return elementwise(tape, MEAN_GATE, { log_alpha: logAlpha }, { gamma, zeta });
}

/** Expected number of gates that are not 0, a scalar `[1, 1]`; no two runs differ. */
export function l0Norm(
  tape: Tape,
  logAlpha: GraphTensor,
  options: Omit<HardConcreteOptions, 'epsilon'> = {},
): GraphTensor {
  return sum(tape, elementwise(tape, ACTIVE, { log_alpha: logAlpha }, { shift: activeShift(options) }));
}

/** Weights with a drawn gate each, `θ ⊙ z`. */
export function gatedTheta(
  tape: Tape,
  pair: DeviceGatedPair,
  noise: GraphTensor,
  options: HardConcreteOptions = {},
): GraphTensor {
  checkGatedPair(pair);
  return multiply(tape, pair[0], hardConcreteSample(tape, pair[1], noise, options));
}

/** The weights of evaluation, θ times the gate of evaluation. */
export function meanGatedTheta(tape: Tape, pair: DeviceGatedPair, options: GateOptions = {}): GraphTensor {
  checkGatedPair(pair);
  return multiply(tape, pair[0], hardConcreteMean(tape, pair[1], options));
}
