import type { DeviceTensor } from '../../graph/device/scope.ts';
import { applyMask } from '../../graph/differentiation/elementwise.ts';
import { gather } from '../../graph/differentiation/embedding.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import { type DeviceCellEquations, type DeviceCellRun, elmanOnDevice, lstmOnDevice } from '../device/cell.ts';
import { convolutionMap, type DeviceConvolutionOptions, matmulMap } from '../device/linear-map.ts';
import { DevicePairedCell } from '../device/paired-cell.ts';
import type { MatmulOptions } from '../reference/matmul.ts';
import { checkMaskedPair } from './masked-weights.ts';
import type { CellOptions } from './recurrent.ts';

/*
 * Masked operations on a device, recorded on a tape, in float32, on feature-major activations `[features, columns]`; the same in
 * training and at evaluation. All throw UsageErrors that name an argument whose shape is wrong.
 */

export { activated } from '../device/activation.ts';
export { type DeviceMask, deviceMask } from './device-mask.ts';

/** Weights and mask of one shape, as checkpoints store them. */
export type DeviceMaskedPair = readonly [theta: GraphTensor, mask: GraphTensor];

/**
 * `(θ ⊙ mask)ᵀ · x`
 * @param x `[inputs, columns]`, with `transposeA` `[columns, inputs]`
 * @param pair `[inputs, outputs]`, with `transposeB` `[outputs, inputs]`
 * @returns `[outputs, columns]`
 */
export function matmul(
  tape: Tape,
  x: GraphTensor,
  pair: DeviceMaskedPair,
  options: MatmulOptions = {},
): GraphTensor {
  return matmulMap(tape, options)(x, maskedTheta(tape, pair));
}

/**
 * Convolution with `θ ⊙ mask`.
 * @param x `[channels, pixels]`, pixels in the order of NHWC
 * @param pair `[kh, kw, channels, outputs]`
 * @returns `[outputs, pixels of the output]`
 */
export function conv2d(
  tape: Tape,
  x: GraphTensor,
  pair: DeviceMaskedPair,
  options: DeviceConvolutionOptions,
): GraphTensor {
  return convolutionMap(tape, options)(x, maskedTheta(tape, pair));
}

/**
 * Rows of `θ ⊙ mask` as columns.
 * @param pair `[vocabulary, features]`
 * @param ids `[columns]`, unsigned integers below the vocabulary
 * @returns `[features, columns]`
 */
export function embeddingLookup(tape: Tape, pair: DeviceMaskedPair, ids: DeviceTensor): GraphTensor {
  return gather(tape, maskedTheta(tape, pair), ids);
}

/** `θ ⊙ mask`. */
export function maskedTheta(tape: Tape, pair: DeviceMaskedPair): GraphTensor {
  checkMaskedPair(pair);
  return applyMask(tape, ...pair);
}

/** A recurrent cell with a mask on a device; see the reference's. Activations are `[features, batch]`. */
class DeviceMaskedCell extends DevicePairedCell<DeviceMaskedPair> {
  constructor(equations: DeviceCellEquations, pair: DeviceMaskedPair, bias: GraphTensor, units: number) {
    super(equations, pair, ['theta', 'mask'], bias, units);
  }

  /** Records a sequence. @param state what it begins with; zeros unless given */
  train(tape: Tape, inputs: readonly GraphTensor[], state?: readonly GraphTensor[]): DeviceCellRun {
    return this.recordKernel(tape, maskedTheta(tape, this.pair), inputs, state);
  }

  /** Records a sequence, as `train` does. */
  evaluate(tape: Tape, inputs: readonly GraphTensor[], state?: readonly GraphTensor[]): DeviceCellRun {
    return this.train(tape, inputs, state);
  }
}

/** Elman's cell; shapes, options and errors as of the reference's `RNNCell`. */
export class RNNCell extends DeviceMaskedCell {
  /** A cell whose state has `units` features; the pair is `[inputs + units, outputs]`. */
  constructor(pair: DeviceMaskedPair, bias: GraphTensor, units: number, options: CellOptions = {}) {
    super(elmanOnDevice(options.activation ?? 'tanh'), pair, bias, units);
  }
}

/** LSTM; shapes, options and errors as of the reference's `LSTMCell`. */
export class LSTMCell extends DeviceMaskedCell {
  /** A cell whose state has `units` features; the pair is `[inputs + units, outputs]`. */
  constructor(
    pair: DeviceMaskedPair,
    bias: GraphTensor,
    units: number,
    options: CellOptions & { readonly forgetBias?: number } = {},
  ) {
    super(lstmOnDevice(options.activation ?? 'tanh', options.forgetBias ?? 1), pair, bias, units);
  }
}
