import { UsageError } from '../../base/errors.ts';
import { columnSums, splitRows, stackRows } from './blocks.ts';
import type { CellEquations } from './cell-equations.ts';
import { matmulMap } from './matmul.ts';
import { type DenseTensor, elementwise, filledTensor, requireShape } from './tensor.ts';

/** What a cell computes with throughout a sequence. */
export interface CellWeights {
  /** `[units, gates · units]` */
  readonly hidden: DenseTensor;
  /** `[gates · units]` */
  readonly bias: DenseTensor;
  /** The share of an input `[batch, inputs]` in the pre-activations, `[batch, gates · units]`. */
  readonly project: (x: DenseTensor) => DenseTensor;
}

/** A sequence that was run: every state, the first being the one it began with. */
export interface CellRun {
  /** Outputs, `[batch, units]` for each step. */
  readonly outputs: readonly DenseTensor[];
  /** The state after the last step. */
  readonly state: readonly DenseTensor[];
}

const dense = matmulMap();

/** Weights of a cell that takes its kernel as it is. @param kernel `[inputs + units, gates · units]`, those of the inputs first */
export function cellWeights(kernel: DenseTensor, bias: DenseTensor, inputs: number): CellWeights {
  const [input, hidden] = splitRows(kernel, inputs);
  return { hidden, bias, project: (x) => dense.apply(x, input) };
}

/** Pre-activations `project(x) + h · hidden + bias`. */
function preActivations(weights: CellWeights, x: DenseTensor, h: DenseTensor): DenseTensor {
  const projected = weights.project(x);
  const { data: bias } = weights.bias;
  const carried = dense.apply(h, weights.hidden);
  return {
    shape: projected.shape,
    data: projected.data.map((value, i) => value + carried.data[i] + bias[i % bias.length]),
  };
}

/** Runs a cell over a sequence. @param state what it begins with */
export function runCell(
  equations: CellEquations,
  weights: CellWeights,
  inputs: readonly DenseTensor[],
  state: readonly DenseTensor[],
): CellRun {
  const { states } = trace(equations, weights, inputs, state);
  return { outputs: states.slice(1).map(outputOf), state: states[states.length - 1] };
}

/** Gradients of `runCell` that the equations alone determine; those of the projection follow from `preActivations`. */
export interface CellGradients {
  /** In the pre-activations of each step, `[batch, gates · units]`. */
  readonly preActivations: readonly DenseTensor[];
  readonly hidden: DenseTensor;
  readonly bias: DenseTensor;
  /** In the state the sequence began with. */
  readonly state: readonly DenseTensor[];
}

/** Backpropagation through time, for a loss with gradients `dOutputs` in the output of each step. */
export function runCellGradients(
  equations: CellEquations,
  weights: CellWeights,
  inputs: readonly DenseTensor[],
  state: readonly DenseTensor[],
  dOutputs: readonly DenseTensor[],
): CellGradients {
  if (dOutputs.length !== inputs.length) {
    throw new UsageError(`dOutputs has ${dOutputs.length} steps, the inputs have ${inputs.length}`);
  }
  const { states, z } = trace(equations, weights, inputs, state);
  let carried: readonly DenseTensor[] = state.map(({ shape }) => filledTensor(shape, 0));
  let hidden = filledTensor(weights.hidden.shape, 0);
  let bias = filledTensor(weights.bias.shape, 0);
  const dz: DenseTensor[] = new Array(inputs.length);
  for (let t = inputs.length - 1; t >= 0; t--) {
    requireShape(`dOutputs of step ${t}`, dOutputs[t], outputOf(states[t]).shape);
    const back = equations.stepGradients(addedToLast(carried, dOutputs[t]), z[t], states[t]);
    const h = outputOf(states[t]);
    dz[t] = back.z;
    hidden = sum(hidden, dense.weightGradient(back.z, h, hidden.shape));
    bias = sum(bias, columnSums(back.z));
    carried = addedToLast(back.state, dense.inputGradient(back.z, weights.hidden, h.shape));
  }
  return { preActivations: dz, hidden, bias, state: carried };
}

/** Gradients of `runCell` with the weights of `cellWeights`. */
export interface KernelGradients {
  /** Of each step, `[batch, inputs]`. */
  readonly inputs: readonly DenseTensor[];
  /** `[inputs + units, gates · units]` */
  readonly kernel: DenseTensor;
  /** `[gates · units]` */
  readonly bias: DenseTensor;
  /** In the state the sequence began with. */
  readonly state: readonly DenseTensor[];
}

/** Gradients of a run whose cell takes its kernel as it is, for a loss with gradients `dOutputs` in the output of each step. */
export function runKernelGradients(
  equations: CellEquations,
  kernel: DenseTensor,
  bias: DenseTensor,
  inputs: readonly DenseTensor[],
  state: readonly DenseTensor[],
  dOutputs: readonly DenseTensor[],
): KernelGradients {
  const size = inputs[0].shape[1];
  const [input] = splitRows(kernel, size);
  const run = runCellGradients(equations, cellWeights(kernel, bias, size), inputs, state, dOutputs);
  const ofInput = dense.weightGradient(stackRows(run.preActivations), stackRows(inputs), input.shape);
  return {
    inputs: run.preActivations.map((dz, t) => dense.inputGradient(dz, input, inputs[t].shape)),
    kernel: stackRows([ofInput, run.hidden]),
    bias: run.bias,
    state: run.state,
  };
}

function trace(
  equations: CellEquations,
  weights: CellWeights,
  inputs: readonly DenseTensor[],
  state: readonly DenseTensor[],
): { states: (readonly DenseTensor[])[]; z: DenseTensor[] } {
  const states = [state];
  const z: DenseTensor[] = [];
  inputs.forEach((x, t) => {
    z.push(preActivations(weights, x, outputOf(states[t])));
    states.push(equations.step(z[t], states[t]));
  });
  return { states, z };
}

function outputOf(state: readonly DenseTensor[]): DenseTensor {
  return state[state.length - 1];
}

function addedToLast(list: readonly DenseTensor[], tensor: DenseTensor): DenseTensor[] {
  return [...list.slice(0, -1), sum(outputOf(list), tensor)];
}

function sum(a: DenseTensor, b: DenseTensor): DenseTensor {
  return elementwise((x, y) => x + y, a, b);
}
