import type { ActivationName } from '../reference/activation.ts';
import { type CellEquations, elmanEquations, lstmEquations } from '../reference/cell-equations.ts';
import type { CellRun } from '../reference/cell-run.ts';
import type { Noise } from '../reference/noise.ts';
import { PairedCell } from '../reference/paired-cell.ts';
import type { DenseTensor } from '../reference/tensor.ts';
import {
  type GatedGradients,
  type GatedPair,
  gatedTheta,
  gatedThetaGradients,
  meanGatedTheta,
} from './gated-product.ts';
import { type HardConcreteOptions, parameters } from './hard-concrete.ts';

/** Options of both cells. */
export interface CellOptions extends HardConcreteOptions {
  /** Default tanh. */
  readonly activation?: ActivationName;
}

/** Gradients of `train` in everything it depends on. */
export interface CellTrainGradients extends GatedGradients {
  /** Of each step, `[batch, inputs]`. */
  readonly inputs: readonly DenseTensor[];
  readonly bias: DenseTensor;
  /** In the state the sequence began with. */
  readonly state: readonly DenseTensor[];
}

/**
 * A recurrent cell with L0 regularisation: a training run draws one gate for each weight and keeps it over all steps and for the
 * whole batch, `z = [x, h] · (θ ⊙ gates) + bias`.
 */
class GatedCell extends PairedCell<GatedPair> {
  readonly #options: HardConcreteOptions;

  constructor(
    equations: CellEquations,
    pair: GatedPair,
    bias: DenseTensor,
    units: number,
    options: HardConcreteOptions,
  ) {
    super(equations, pair, ['theta', 'logAlpha'], bias, units);
    this.#options = parameters(options);
  }

  /**
   * Runs a sequence with drawn gates.
   * @param inputs `[batch, inputs]` for each step
   * @param noise uniform in [0, 1), of the shape of θ, or the key to draw it from
   * @param state what it begins with; zeros unless given
   * @throws {UsageError} for inputs or noise of other shapes.
   */
  train(inputs: readonly DenseTensor[], noise: Noise, state?: readonly DenseTensor[]): CellRun {
    return this.runKernel(gatedTheta(this.pair, noise, this.#options), inputs, state);
  }

  /**
   * Gradients of `train` for a loss with gradients `dOutputs` in the output of each step.
   * @throws {UsageError} as `train`.
   */
  trainGradients(
    dOutputs: readonly DenseTensor[],
    inputs: readonly DenseTensor[],
    noise: Noise,
    state?: readonly DenseTensor[],
  ): CellTrainGradients {
    const kernel = gatedTheta(this.pair, noise, this.#options);
    const { kernel: dKernel, ...rest } = this.kernelGradients(kernel, dOutputs, inputs, state);
    return { ...rest, ...gatedThetaGradients(dKernel, this.pair, noise, this.#options) };
  }

  /** Runs a sequence with the gates of evaluation. @param state what it begins with; zeros unless given */
  evaluate(inputs: readonly DenseTensor[], state?: readonly DenseTensor[]): CellRun {
    return this.runKernel(meanGatedTheta(this.pair, this.#options), inputs, state);
  }
}

/** Elman's cell with L0 regularisation: `h' = activation(z)`; its state is `[h]`. */
export class RNNCell extends GatedCell {
  /**
   * @param pair `[inputs + units, units]` each, the rows of the inputs first
   * @param bias `[units]`
   * @throws {UsageError} for a pair that is not two tensors of that shape, another bias, and parameters out of range.
   */
  constructor(pair: GatedPair, bias: DenseTensor, units: number, options: CellOptions = {}) {
    super(elmanEquations(options.activation ?? 'tanh'), pair, bias, units, options);
  }
}

/**
 * LSTM with L0 regularisation: `c' = σ(f + forgetBias) c + σ(i) activation(j)`, `m' = σ(o) activation(c')`; its state is
 * `[c, m]`.
 */
export class LSTMCell extends GatedCell {
  /**
   * @param pair `[inputs + units, 4 · units]` each, the rows of the inputs first, the columns in the order i, j, f, o
   * @param bias `[4 · units]`
   * @param options `forgetBias` is 1 unless given
   * @throws {UsageError} for a pair that is not two tensors of that shape, another bias, and parameters out of range.
   */
  constructor(
    pair: GatedPair,
    bias: DenseTensor,
    units: number,
    options: CellOptions & { readonly forgetBias?: number } = {},
  ) {
    super(lstmEquations(options.activation ?? 'tanh', options.forgetBias ?? 1), pair, bias, units, options);
  }
}
