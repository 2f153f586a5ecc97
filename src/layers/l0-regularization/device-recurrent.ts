import type { Tape } from '../../graph/differentiation/tape.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import { type DeviceCellEquations, type DeviceCellRun, elmanOnDevice, lstmOnDevice } from '../device/cell.ts';
import { DevicePairedCell } from '../device/paired-cell.ts';
import { type DeviceGatedPair, gatedTheta, meanGatedTheta } from './device.ts';
import type { CellOptions } from './recurrent.ts';

/** A recurrent cell with L0 regularisation on a device; see the reference's. Activations are `[features, batch]`. */
class DeviceGatedCell extends DevicePairedCell<DeviceGatedPair> {
  readonly #options: CellOptions;

  constructor(
    equations: DeviceCellEquations,
    pair: DeviceGatedPair,
    bias: GraphTensor,
    units: number,
    options: CellOptions,
  ) {
    super(equations, pair, ['theta', 'logAlpha'], bias, units);
    this.#options = options;
  }

  /**
   * Records a sequence with drawn gates.
   * @param noise uniform in [0, 1), of the shape of θ
   * @param state what it begins with; zeros unless given
   */
  train(
    tape: Tape,
    inputs: readonly GraphTensor[],
    noise: GraphTensor,
    state?: readonly GraphTensor[],
  ): DeviceCellRun {
    return this.recordKernel(tape, gatedTheta(tape, this.pair, noise, this.#options), inputs, state);
  }

  /** Records a sequence with the gates of evaluation. @param state what it begins with; zeros unless given */
  evaluate(tape: Tape, inputs: readonly GraphTensor[], state?: readonly GraphTensor[]): DeviceCellRun {
    return this.recordKernel(tape, meanGatedTheta(tape, this.pair, this.#options), inputs, state);
  }
}

/** Elman's cell; shapes, options and errors as of the reference's `RNNCell`. */
export class RNNCell extends DeviceGatedCell {
  /** A cell whose state has `units` features; the pair is `[inputs + units, outputs]`. */
  constructor(pair: DeviceGatedPair, bias: GraphTensor, units: number, options: CellOptions = {}) {
    super(elmanOnDevice(options.activation ?? 'tanh'), pair, bias, units, options);
  }
}

/** LSTM; shapes, options and errors as of the reference's `LSTMCell`. */
export class LSTMCell extends DeviceGatedCell {
  /** A cell whose state has `units` features; the pair is `[inputs + units, outputs]`. */
  constructor(
    pair: DeviceGatedPair,
    bias: GraphTensor,
    units: number,
    options: CellOptions & { readonly forgetBias?: number } = {},
  ) {
    super(lstmOnDevice(options.activation ?? 'tanh', options.forgetBias ?? 1), pair, bias, units, options);
  }
}
