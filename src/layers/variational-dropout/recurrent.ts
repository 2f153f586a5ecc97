import { DEFAULT_LOG_ALPHA_THRESHOLD } from '../../base/numerics.ts';
import type { RandomKey } from '../../base/random.ts';
import type { ActivationName } from '../reference/activation.ts';
import { checkThreshold, EPSILON } from '../reference/arguments.ts';
import { splitRows, stackRows } from '../reference/blocks.ts';
import { type CellEquations, elmanEquations, lstmEquations } from '../reference/cell-equations.ts';
import { type CellRun, type CellWeights, runCell, runCellGradients } from '../reference/cell-run.ts';
import { matmulMap } from '../reference/matmul.ts';
import { normalNoise } from '../reference/noise.ts';
import { PairedCell } from '../reference/paired-cell.ts';
import type { DenseTensor } from '../reference/tensor.ts';
import {
  checkVariationalPair,
  maskedTheta,
  type VariationalGradients,
  type VariationalPair,
} from './log-alpha.ts';
import { sampledProduct, sampledProductGradients } from './sampled-product.ts';
import { sampledWeights, sampledWeightsGradients } from './sampled-weights.ts';

/** Options of both cells. */
export interface CellOptions {
  /** Default tanh. */
  readonly activation?: ActivationName;
  /** Weights with log α at or above it are dropped at evaluation. Default 3. */
  readonly threshold?: number;
  /** Added to squares and variances. Default 1e-8. */
  readonly epsilon?: number;
}

/** Noise of a whole sequence, standard normal; from a key, `input` is its stream 0 and `hidden` its stream 1. */
export type CellNoise =
  | RandomKey
  | {
      /** `[batch, gates · units]`, the same at every step. */
      readonly input: DenseTensor;
      /** `[units, gates · units]`, the same at every step and for the whole batch. */
      readonly hidden: DenseTensor;
    };

/** Gradients of `train` in everything it depends on. */
export interface CellTrainGradients extends VariationalGradients {
  /** Of each step, `[batch, inputs]`. */
  readonly inputs: readonly DenseTensor[];
  readonly bias: DenseTensor;
  /** In the state the sequence began with. */
  readonly state: readonly DenseTensor[];
}

const dense = matmulMap();

/**
 * A recurrent cell with variational dropout (Lobacheva, Chirkova & Vetrov 2017). A training run draws once and keeps its noise
 * over all steps: pre-activations of the inputs by the local reparameterisation, the hidden matrix itself, since it meets a
 * state that depends on it.
 *
 *     z = x·θ_in + √(x²·σ²_in + ε) ⊙ noise.input + h·(θ_h + √(σ²_h + ε) ⊙ noise.hidden) + bias
 */
class VariationalCell extends PairedCell<VariationalPair> {
  readonly #options: { readonly threshold: number; readonly epsilon: number };

  constructor(
    equations: CellEquations,
    pair: VariationalPair,
    bias: DenseTensor,
    units: number,
    { threshold = DEFAULT_LOG_ALPHA_THRESHOLD, epsilon = EPSILON }: CellOptions,
  ) {
    super(equations, pair, ['theta', 'logSigma2'], bias, units);
    checkVariationalPair(pair, { epsilon });
    checkThreshold(threshold);
    this.#options = { threshold, epsilon };
  }

  /**
   * Runs a sequence with noise.
   * @param inputs `[batch, inputs]` for each step
   * @param state what it begins with; zeros unless given
   * @throws {UsageError} for inputs or noise of other shapes.
   */
  train(inputs: readonly DenseTensor[], noise: CellNoise, state?: readonly DenseTensor[]): CellRun {
    const begin = this.begin(inputs, state);
    return runCell(this.equations, this.#drawn(this.#noise(noise, begin)), inputs, begin);
  }

  /**
   * Gradients of `train` for a loss with gradients `dOutputs` in the output of each step.
   * @throws {UsageError} as `train`.
   */
  trainGradients(
    dOutputs: readonly DenseTensor[],
    inputs: readonly DenseTensor[],
    noise: CellNoise,
    state?: readonly DenseTensor[],
  ): CellTrainGradients {
    const begin = this.begin(inputs, state);
    const drawn = this.#noise(noise, begin);
    const run = runCellGradients(this.equations, this.#drawn(drawn), inputs, begin, dOutputs);
    const { input, hidden } = this.#parts();
    // The noise of the inputs is that of every step: all steps are one long batch.
    const ofInputs = sampledProductGradients(
      dense,
      stackRows(run.preActivations),
      stackRows(inputs),
      input,
      stackRows(inputs.map(() => drawn.input)),
      this.#options,
    );
    const ofHidden = sampledWeightsGradients(run.hidden, hidden, drawn.hidden, this.#options);
    return {
      inputs: inputs.map((x, t) => ({
        shape: x.shape,
        data: ofInputs.x.data.slice(t * x.data.length, (t + 1) * x.data.length),
      })),
      theta: stackRows([ofInputs.theta, ofHidden.theta]),
      logSigma2: stackRows([ofInputs.logSigma2, ofHidden.logSigma2]),
      bias: run.bias,
      state: run.state,
    };
  }

  /** Runs a sequence with the weights that are kept. @param state what it begins with; zeros unless given */
  evaluate(inputs: readonly DenseTensor[], state?: readonly DenseTensor[]): CellRun {
    return this.runKernel(maskedTheta(this.pair, this.#options), inputs, state);
  }

  #drawn(noise: { input: DenseTensor; hidden: DenseTensor }): CellWeights {
    const { input, hidden } = this.#parts();
    return {
      hidden: sampledWeights(hidden, noise.hidden, this.#options),
      bias: this.bias,
      project: (x) => sampledProduct(dense, x, input, noise.input, this.#options),
    };
  }

  #parts(): { input: VariationalPair; hidden: VariationalPair } {
    const [theta, logSigma2] = this.pair.map((tensor) => splitRows(tensor, this.inputs));
    return { input: [theta[0], logSigma2[0]], hidden: [theta[1], logSigma2[1]] };
  }

  #noise(noise: CellNoise, [{ shape }]: readonly DenseTensor[]): { input: DenseTensor; hidden: DenseTensor } {
    const [batch] = shape;
    const width = this.equations.gates * this.units;
    const [input, hidden] = isGiven(noise) ? [noise.input, noise.hidden] : [noise, noise];
    return {
      input: normalNoise(input, [batch, width], 0),
      hidden: normalNoise(hidden, [this.units, width], 1),
    };
  }
}

function isGiven(noise: CellNoise): noise is Exclude<CellNoise, RandomKey> {
  return typeof noise === 'object' && noise !== null && 'input' in noise;
}

/** Elman's cell with variational dropout: `h' = activation(z)`; its state is `[h]`. */
export class RNNCell extends VariationalCell {
  /**
   * @param pair `[inputs + units, units]` each, the rows of the inputs first
   * @param bias `[units]`
   * @throws {UsageError} for a pair that is not two tensors of that shape, another bias, and an ε below 0.
   */
  constructor(pair: VariationalPair, bias: DenseTensor, units: number, options: CellOptions = {}) {
    super(elmanEquations(options.activation ?? 'tanh'), pair, bias, units, options);
  }
}

/**
 * LSTM with variational dropout: `c' = σ(f + forgetBias) c + σ(i) activation(j)`, `m' = σ(o) activation(c')`; its state is
 * `[c, m]`.
 */
export class LSTMCell extends VariationalCell {
  /**
   * @param pair `[inputs + units, 4 · units]` each, the rows of the inputs first, the columns in the order i, j, f, o
   * @param bias `[4 · units]`
   * @param options `forgetBias` is 1 unless given
   * @throws {UsageError} for a pair that is not two tensors of that shape, another bias, and an ε below 0.
   */
  constructor(
    pair: VariationalPair,
    bias: DenseTensor,
    units: number,
    options: CellOptions & { readonly forgetBias?: number } = {},
  ) {
    super(lstmEquations(options.activation ?? 'tanh', options.forgetBias ?? 1), pair, bias, units, options);
  }
}
