import type { ActivationName } from '../reference/activation.ts';
import { type CellEquations, elmanEquations, lstmEquations } from '../reference/cell-equations.ts';
import type { CellRun } from '../reference/cell-run.ts';
import { PairedCell } from '../reference/paired-cell.ts';
import type { DenseTensor } from '../reference/tensor.ts';
import { type MaskedPair, maskedTheta, maskedThetaGradient } from './masked-weights.ts';

/** Options of both cells. */
export interface CellOptions {
  /** Default tanh. */
  readonly activation?: ActivationName;
}

/** Gradients of `train` in everything it depends on but the mask, which is a constant. */
export interface CellTrainGradients {
  /** Of each step, `[batch, inputs]`. */
  readonly inputs: readonly DenseTensor[];
  /** 0 where the mask is. */
  readonly theta: DenseTensor;
  readonly bias: DenseTensor;
  /** In the state the sequence began with. */
  readonly state: readonly DenseTensor[];
}

/** A recurrent cell with one mask over its whole kernel, `z = [x, h] · (θ ⊙ mask) + bias`, as TensorFlow's model_pruning. */
class MaskedCell extends PairedCell<MaskedPair> {
  constructor(equations: CellEquations, pair: MaskedPair, bias: DenseTensor, units: number) {
    super(equations, pair, ['theta', 'mask'], bias, units);
  }

  /**
   * Runs a sequence.
   * @param inputs `[batch, inputs]` for each step
   * @param state what it begins with; zeros unless given
   * @throws {UsageError} for inputs or a state of other shapes.
   */
  train(inputs: readonly DenseTensor[], state?: readonly DenseTensor[]): CellRun {
    return this.runKernel(maskedTheta(this.pair), inputs, state);
  }

  /**
   * Gradients of `train` for a loss with gradients `dOutputs` in the output of each step.
   * @throws {UsageError} as `train`.
   */
  trainGradients(
    dOutputs: readonly DenseTensor[],
    inputs: readonly DenseTensor[],
    state?: readonly DenseTensor[],
  ): CellTrainGradients {
    const gradients = this.kernelGradients(maskedTheta(this.pair), dOutputs, inputs, state);
    const { kernel: dKernel, ...rest } = gradients;
    return { ...rest, theta: maskedThetaGradient(dKernel, this.pair) };
  }

  /** Runs a sequence: nothing is drawn in training, so it is that of `train`. */
  evaluate(inputs: readonly DenseTensor[], state?: readonly DenseTensor[]): CellRun {
    return this.train(inputs, state);
  }
}

/** Elman's cell with a mask: `h' = activation(z)`; its state is `[h]`. */
export class RNNCell extends MaskedCell {
  /**
   * @param pair `[inputs + units, units]` each, the rows of the inputs first
   * @param bias `[units]`
   * @throws {UsageError} for a pair that is not two tensors of that shape, another bias, and an unknown activation.
   */
  constructor(pair: MaskedPair, bias: DenseTensor, units: number, options: CellOptions = {}) {
    super(elmanEquations(options.activation ?? 'tanh'), pair, bias, units);
  }
}

/**
 * LSTM with a mask: `c' = σ(f + forgetBias) c + σ(i) activation(j)`, `m' = σ(o) activation(c')`; its state is `[c, m]`.
 */
export class LSTMCell extends MaskedCell {
  /**
   * @param pair `[inputs + units, 4 · units]` each, the rows of the inputs first, the columns in the order i, j, f, o
   * @param bias `[4 · units]`
   * @param options `forgetBias` is 1 unless given
   * @throws {UsageError} for a pair that is not two tensors of that shape, another bias, and options that cannot be.
   */
  constructor(
    pair: MaskedPair,
    bias: DenseTensor,
    units: number,
    options: CellOptions & { readonly forgetBias?: number } = {},
  ) {
    super(lstmEquations(options.activation ?? 'tanh', options.forgetBias ?? 1), pair, bias, units);
  }
}
