import type { Tape } from '../../graph/differentiation/tape.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import {
  type DeviceCellEquations,
  type DeviceCellRun,
  elmanOnDevice,
  lstmOnDevice,
  recordCell,
  splitRows,
} from '../device/cell.ts';
import { DevicePairedCell } from '../device/paired-cell.ts';
import { type DeviceVariationalPair, maskedTheta, matmulTrain, sampledWeights } from './device.ts';
import type { CellOptions } from './recurrent.ts';

/** Noise of a whole sequence, standard normal. */
export interface DeviceCellNoise {
  /** `[gates · units, batch]`, the same at every step. */
  readonly input: GraphTensor;
  /** `[units, gates · units]`, the same at every step and for the whole batch. */
  readonly hidden: GraphTensor;
}

/** A recurrent cell with variational dropout on a device; see the reference's. Activations are `[features, batch]`. */
class DeviceVariationalCell extends DevicePairedCell<DeviceVariationalPair> {
  readonly #options: CellOptions;

  constructor(
    equations: DeviceCellEquations,
    pair: DeviceVariationalPair,
    bias: GraphTensor,
    units: number,
    options: CellOptions,
  ) {
    super(equations, pair, ['theta', 'logSigma2'], bias, units);
    this.#options = options;
  }

  /** Records a sequence with noise. @param state what it begins with; zeros unless given */
  train(
    tape: Tape,
    inputs: readonly GraphTensor[],
    noise: DeviceCellNoise,
    state?: readonly GraphTensor[],
  ): DeviceCellRun {
    const [theta, logSigma2] = this.pair.map((tensor) => splitRows(tape, tensor, this.inputs));
    const input = [theta[0], logSigma2[0]] as const;
    const weights = {
      hidden: sampledWeights(tape, [theta[1], logSigma2[1]], noise.hidden, this.#options),
      bias: this.bias,
      project: (x: GraphTensor) => matmulTrain(tape, x, input, noise.input, this.#options),
    };
    return recordCell(tape, this.equations, weights, inputs, state);
  }

  /** Records a sequence with the weights that are kept. @param state what it begins with; zeros unless given */
  evaluate(tape: Tape, inputs: readonly GraphTensor[], state?: readonly GraphTensor[]): DeviceCellRun {
    return this.recordKernel(tape, maskedTheta(tape, this.pair, this.#options), inputs, state);
  }
}

/** Elman's cell; shapes, options and errors as of the reference's `RNNCell`. */
export class RNNCell extends DeviceVariationalCell {
  /** A cell whose state has `units` features; the pair is `[inputs + units, outputs]`. */
  constructor(pair: DeviceVariationalPair, bias: GraphTensor, units: number, options: CellOptions = {}) {
    super(elmanOnDevice(options.activation ?? 'tanh'), pair, bias, units, options);
  }
}

/** LSTM; shapes, options and errors as of the reference's `LSTMCell`. */
export class LSTMCell extends DeviceVariationalCell {
  /** A cell whose state has `units` features; the pair is `[inputs + units, outputs]`. */
  constructor(
    pair: DeviceVariationalPair,
    bias: GraphTensor,
    units: number,
    options: CellOptions & { readonly forgetBias?: number } = {},
  ) {
    super(lstmOnDevice(options.activation ?? 'tanh', options.forgetBias ?? 1), pair, bias, units, options);
  }
}
