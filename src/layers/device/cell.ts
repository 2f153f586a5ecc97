import { add, affine, multiply, sigmoid } from '../../graph/differentiation/elementwise.ts';
import { fill } from '../../graph/differentiation/formula.ts';
import { product } from '../../graph/differentiation/product.ts';
import { rows } from '../../graph/differentiation/rows.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import { type ActivationName, checkActivation } from '../reference/activation.ts';
import { checkState, checkSteps } from '../reference/cell-checks.ts';
import { checkLstm } from '../reference/cell-equations.ts';
import { requireShape } from '../reference/tensor.ts';
import { DEVICE_ACTIVATIONS } from './activation.ts';

/**
 * The equations of a recurrent cell, recorded on a tape; see the reference's. A state is a list of tensors `[units, batch]`, the
 * last of which is the output.
 */
export interface DeviceCellEquations {
  /** Blocks of `units` pre-activations that a step takes. */
  readonly gates: number;
  /** Tensors of a state. */
  readonly states: number;
  /** The next state from pre-activations `z [gates · units, batch]`. */
  step(tape: Tape, z: GraphTensor, state: readonly GraphTensor[]): readonly GraphTensor[];
}

/** Elman's cell. @throws {UsageError} for an unknown activation. */
export function elmanOnDevice(activation: ActivationName): DeviceCellEquations {
  checkActivation(activation);
  return { gates: 1, states: 1, step: (tape, z) => [DEVICE_ACTIVATIONS[activation](tape, z)] };
}

/**
 * The LSTM, blocks of z in the order i, j, f, o.
 * @throws {UsageError} for an unknown activation, and a forget bias that is not finite.
 */
export function lstmOnDevice(activation: ActivationName, forgetBias: number): DeviceCellEquations {
  checkLstm(activation, forgetBias);
  const act = DEVICE_ACTIVATIONS[activation];
  return {
    gates: 4,
    states: 2,
    step(tape, z, [c]) {
      const [units] = c.shape;
      const block = (index: number) => rows(tape, z, index * units, units);
      const input = multiply(tape, sigmoid(tape, block(0)), act(tape, block(1)));
      const kept = multiply(tape, sigmoid(tape, affine(tape, block(2), 1, forgetBias)), c);
      const memory = add(tape, kept, input);
      return [memory, multiply(tape, sigmoid(tape, block(3)), act(tape, memory))];
    },
  };
}

/** What a cell computes with throughout a sequence. */
export interface DeviceCellWeights {
  /** `[units, gates · units]` */
  readonly hidden: GraphTensor;
  /** `[gates · units]` */
  readonly bias: GraphTensor;
  /** The share of an input `[inputs, batch]` in the pre-activations, `[gates · units, batch]`. */
  readonly project: (x: GraphTensor) => GraphTensor;
}

/** Weights of a cell that takes its kernel as it is. @param kernel `[inputs + units, gates · units]`, those of the inputs first */
export function deviceCellWeights(
  tape: Tape,
  kernel: GraphTensor,
  bias: GraphTensor,
  inputs: number,
): DeviceCellWeights {
  const [input, hidden] = splitRows(tape, kernel, inputs);
  return { hidden, bias, project: (x) => product(tape, input, x, { a: true }) };
}

/** Rows of a matrix: the first `count`, and the rest. */
export function splitRows(tape: Tape, matrix: GraphTensor, count: number): [GraphTensor, GraphTensor] {
  return [rows(tape, matrix, 0, count), rows(tape, matrix, count, matrix.shape[0] - count)];
}

/** A sequence that was recorded. */
export interface DeviceCellRun {
  /** Outputs, `[units, batch]` for each step. */
  readonly outputs: readonly GraphTensor[];
  /** The state after the last step. */
  readonly state: readonly GraphTensor[];
}

/**
 * Records a cell over a sequence.
 * @param inputs `[inputs, batch]` for each step
 * @param begin the state it begins with; zeros where undefined
 * @throws {UsageError} for an empty sequence, inputs of different batches, and a state of other tensors than the cell has.
 */
export function recordCell(
  tape: Tape,
  equations: DeviceCellEquations,
  weights: DeviceCellWeights,
  inputs: readonly GraphTensor[],
  begin: readonly GraphTensor[] | undefined,
): DeviceCellRun {
  checkSteps(inputs);
  inputs.forEach((x, t) => {
    requireShape(`the input of step ${t}`, x, [undefined, inputs[0].shape[1]]);
  });
  const shape = [weights.hidden.shape[0], inputs[0].shape[1]];
  let state = begin ?? zeros(tape, equations, shape);
  checkState(state, equations.states, shape);
  const outputs: GraphTensor[] = [];
  for (const x of inputs) {
    const carried = product(tape, weights.hidden, state[state.length - 1], { a: true });
    const z = add(tape, add(tape, weights.project(x), carried), weights.bias);
    state = equations.step(tape, z, state);
    outputs.push(state[state.length - 1]);
  }
  return { outputs, state };
}

function zeros(tape: Tape, { states }: DeviceCellEquations, shape: readonly number[]): GraphTensor[] {
  return Array.from({ length: states }, () => fill(tape.graph, { name: 'state', shape }, 0, 'first state'));
}
