import { add, multiply } from '../../src/graph/differentiation/elementwise.ts';
import { sum } from '../../src/graph/differentiation/reductions.ts';
import type { Tape } from '../../src/graph/differentiation/tape.ts';
import type { GraphTensor } from '../../src/graph/plan/node.ts';
import * as l0 from '../../src/layers/l0-regularization/index.ts';
import * as l0OnDevice from '../../src/layers/l0-regularization/on-device.ts';
import type { DenseTensor } from '../../src/layers/reference/tensor.ts';
import * as vd from '../../src/layers/variational-dropout/index.ts';
import * as vdOnDevice from '../../src/layers/variational-dropout/on-device.ts';
import { featureMajor, type Output, onDevice, type Uploads } from './device-forms.ts';

/** A recurrent cell of either kind and technique, with the noise of one run. */
export interface CellCase {
  readonly kind: 'RNN' | 'LSTM';
  readonly units: number;
  readonly forgetBias: number;
  readonly bias: DenseTensor;
  /** Of variational dropout; its default unless given. */
  readonly epsilon?: number;
  /** θ and its companion. */
  readonly pair: readonly [DenseTensor, DenseTensor];
  readonly noise:
    | { readonly technique: 'variational dropout'; readonly input: DenseTensor; readonly hidden: DenseTensor }
    | { readonly technique: 'L0'; readonly u: DenseTensor };
}

/** Outputs of all steps, and the state after the last. */
export interface Run {
  readonly outputs: readonly DenseTensor[];
  readonly state: readonly DenseTensor[];
}

/** Gradients of a run: by θ, the companion, the bias, then every input, then the state it began with. */
export type RunGradients = readonly DenseTensor[];

/** Cells as the properties see them: the same functions of the reference and of the device. */
export interface CellForms {
  readonly name: string;
  readonly tolerance: number;
  train(cell: CellCase, inputs: readonly DenseTensor[], state?: readonly DenseTensor[]): Promise<Run>;
  evaluate(cell: CellCase, inputs: readonly DenseTensor[], state?: readonly DenseTensor[]): Promise<Run>;
  gradients(
    dOutputs: readonly DenseTensor[],
    cell: CellCase,
    inputs: readonly DenseTensor[],
    state: readonly DenseTensor[],
  ): Promise<RunGradients>;
}

/** One cell of the reference with its noise bound. */
function referenceCell({ kind, pair, bias, units, forgetBias, epsilon, noise }: CellCase) {
  const options = { forgetBias, ...(epsilon === undefined ? {} : { epsilon }) };
  if (noise.technique === 'L0') {
    const cell =
      kind === 'RNN' ? new l0.RNNCell(pair, bias, units) : new l0.LSTMCell(pair, bias, units, { forgetBias });
    return {
      cell,
      train: (inputs: readonly DenseTensor[], state?: readonly DenseTensor[]) =>
        cell.train(inputs, noise.u, state),
      gradients: (
        d: readonly DenseTensor[],
        inputs: readonly DenseTensor[],
        state: readonly DenseTensor[],
      ) => {
        const found = cell.trainGradients(d, inputs, noise.u, state);
        return [found.theta, found.logAlpha, found.bias, ...found.inputs, ...found.state];
      },
    };
  }
  const cell =
    kind === 'RNN' ? new vd.RNNCell(pair, bias, units, options) : new vd.LSTMCell(pair, bias, units, options);
  return {
    cell,
    train: (inputs: readonly DenseTensor[], state?: readonly DenseTensor[]) =>
      cell.train(inputs, noise, state),
    gradients: (d: readonly DenseTensor[], inputs: readonly DenseTensor[], state: readonly DenseTensor[]) => {
      const found = cell.trainGradients(d, inputs, noise, state);
      return [found.theta, found.logSigma2, found.bias, ...found.inputs, ...found.state];
    },
  };
}

const ofReference: CellForms = {
  name: 'reference',
  tolerance: 1e-10,
  train: async (cell, inputs, state) => referenceCell(cell).train(inputs, state),
  evaluate: async (cell, inputs, state) => referenceCell(cell).cell.evaluate(inputs, state),
  gradients: async (d, cell, inputs, state) => referenceCell(cell).gradients(d, inputs, state),
};

/** One cell of the device, its run in either mode. */
function record(
  tape: Tape,
  { tensor }: Uploads,
  { kind, units, forgetBias, epsilon, noise }: CellCase,
  mode: 'train' | 'evaluate',
  variables: readonly GraphTensor[],
  inputs: readonly GraphTensor[],
  state: readonly GraphTensor[] | undefined,
) {
  const [theta, companion, bias] = variables;
  const options = { forgetBias, ...(epsilon === undefined ? {} : { epsilon }) };
  const pair = [theta, companion] as const;
  if (noise.technique === 'L0') {
    const cell =
      kind === 'RNN'
        ? new l0OnDevice.RNNCell(pair, bias, units)
        : new l0OnDevice.LSTMCell(pair, bias, units, { forgetBias });
    return mode === 'train'
      ? cell.train(tape, inputs, tensor(noise.u), state)
      : cell.evaluate(tape, inputs, state);
  }
  const cell =
    kind === 'RNN'
      ? new vdOnDevice.RNNCell(pair, bias, units, options)
      : new vdOnDevice.LSTMCell(pair, bias, units, options);
  const drawn = { input: tensor(featureMajor(noise.input)), hidden: tensor(noise.hidden) };
  return mode === 'train' ? cell.train(tape, inputs, drawn, state) : cell.evaluate(tape, inputs, state);
}

async function runOnDevice(
  mode: 'train' | 'evaluate',
  cell: CellCase,
  inputs: readonly DenseTensor[],
  state: readonly DenseTensor[] | undefined,
): Promise<Run> {
  const shape = [inputs[0].shape[0], cell.units];
  const results = await onDevice((tape, uploads) => {
    const variables = [...cell.pair, cell.bias].map(uploads.tensor);
    const activations = (list: readonly DenseTensor[]) => list.map((x) => uploads.tensor(featureMajor(x)));
    const run = record(
      tape,
      uploads,
      cell,
      mode,
      variables,
      activations(inputs),
      state && activations(state),
    );
    const output = (tensor: GraphTensor): Output => ({ tensor, shape, featureMajor: true });
    return Object.fromEntries([
      ...run.outputs.map((tensor, t) => [`output ${t}`, output(tensor)]),
      ...run.state.map((tensor, i) => [`state ${i}`, output(tensor)]),
    ]) as Record<string, Output>;
  });
  const outputs = inputs.map((_, t) => results[`output ${t}`]);
  const states = cell.kind === 'RNN' ? [results['state 0']] : [results['state 0'], results['state 1']];
  return { outputs, state: states };
}

const ofDevice: CellForms = {
  name: 'device',
  tolerance: 1e-5,
  train: (cell, inputs, state) => runOnDevice('train', cell, inputs, state),
  evaluate: (cell, inputs, state) => runOnDevice('evaluate', cell, inputs, state),
  async gradients(dOutputs, cell, inputs, state) {
    const sources = [...cell.pair, cell.bias, ...inputs, ...state];
    const weights = 3;
    const results = await onDevice((tape, uploads) => {
      const tensors = sources.map((source, i) => uploads.tensor(i < weights ? source : featureMajor(source)));
      const steps = tensors.slice(weights, weights + inputs.length);
      const begin = tensors.slice(weights + inputs.length);
      const { outputs } = record(tape, uploads, cell, 'train', tensors.slice(0, weights), steps, begin);
      const loss = outputs
        .map((h, t) => sum(tape, multiply(tape, h, uploads.tensor(featureMajor(dOutputs[t])))))
        .reduce((total, part) => add(tape, total, part));
      const gradients = tape.gradients(loss, tensors);
      return Object.fromEntries(
        gradients.map((tensor, i) => [i, { tensor, shape: sources[i].shape, featureMajor: i >= weights }]),
      ) as Record<string, Output>;
    });
    return sources.map((_, i) => results[i]);
  },
};

export const CELL_FORMS: readonly CellForms[] = [ofReference, ofDevice];
