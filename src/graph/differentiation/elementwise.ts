import { UsageError } from '../../base/errors.ts';
import { elements } from '../device/scope.ts';
import type { GraphTensor } from '../plan/node.ts';
import { applyDerivative, applyFormula, type Formula } from './formula.ts';
import type { Tape } from './tape.ts';

/*
 * Differentiable functions of the elements of matrices. Two operands need not have the same shape: one with a
 * single row, a single column or both (a vector counts as a column) is repeated, and its gradient is summed
 * over the repetitions.
 */

/**
 * Any formula, with the derivatives it states.
 * @throws {UsageError} when the shapes do not fit each other.
 */
export function elementwise(
  tape: Tape,
  formula: Formula,
  inputs: Readonly<Record<string, GraphTensor>>,
  parameters: Readonly<Record<string, number>> = {},
): GraphTensor {
  const variables = formula.inputs.filter((name) => formula.derivatives[name] !== undefined);
  const compute = () => applyFormula(tape.graph, formula, inputs, parameters);
  const value = compute();
  if (formula.recomputed && elements(value) >= LARGE) tape.recomputable(value, compute);
  return tape.record(
    value,
    variables.map((name) => inputs[name]),
    (gradient) =>
      variables.map((name) => {
        return () => applyDerivative(tape.graph, formula, { inputs, value }, parameters, name, gradient);
      }),
  );
}

/** Elements of a result whose memory is worth that it is computed anew. */
const LARGE = 1 << 18;

/** A differentiable function of each element. */
export type OfOne = (tape: Tape, x: GraphTensor) => GraphTensor;

/** A differentiable function of two elements; a matrix of one row or one column is repeated. */
export type OfTwo = (tape: Tape, a: GraphTensor, b: GraphTensor) => GraphTensor;

/** `a + b` */
export const add: OfTwo = ofTwo({
  name: 'add',
  inputs: ['a', 'b'],
  value: 'a + b',
  derivatives: { a: '1.0', b: '1.0' },
});

/** `a − b` */
export const subtract: OfTwo = ofTwo({
  name: 'subtract',
  inputs: ['a', 'b'],
  value: 'a - b',
  derivatives: { a: '1.0', b: '-1.0' },
});

/** `a · b` */
export const multiply: OfTwo = ofTwo({
  name: 'multiply',
  inputs: ['a', 'b'],
  value: 'a * b',
  derivatives: { a: 'b', b: 'a' },
});

/** `a / b` */
export const divide: OfTwo = ofTwo({
  name: 'divide',
  inputs: ['a', 'b'],
  value: 'a / b',
  derivatives: { a: '1.0 / b', b: '-a / (b * b)' },
});

/**
 * `kernel · mask`, as pruning does: masked weights take no part and get no gradient; the mask is a constant
 * (Zhu and Gupta 2017).
 */
export const applyMask: OfTwo = ofTwo({
  name: 'mask',
  inputs: ['a', 'b'],
  value: 'a * b',
  derivatives: { a: 'b' },
  recomputed: true,
});

/** `max(0, x)`; the derivative at 0 is 0. */
export const relu: OfOne = ofOne('relu', 'max(x, 0.0)', 'select(0.0, 1.0, value > 0.0)');

/** `1 / (1 + e^−x)` */
export const sigmoid: OfOne = ofOne('sigmoid', 'logistic(x)', 'logistic(x) * logistic(-x)');

/** `tanh x` */
export const tanh: OfOne = ofOne('tanh', 'hyperbolic(x)', '4.0 * logistic(2.0 * x) * logistic(-2.0 * x)');

/** `e^x`, for |x| ≤ 87. */
export const exp: OfOne = ofOne('exp', 'exponential(x)', 'value');

/** `log x`, for x > 0. */
export const log: OfOne = ofOne('log', 'exact_log(x)', '1.0 / x');

/** `√x`, for x > 0. */
export const sqrt: OfOne = ofOne('sqrt', 'sqrt(x)', '0.5 / value');

/** `x²` */
export const square: OfOne = ofOne('square', 'x * x', '2.0 * x', true);

/** `log(1 + e^x)` */
export const softplus: OfOne = ofOne('softplus', 'softplus(x)', 'logistic(x)');

/** `factor · x + offset` */
export function affine(tape: Tape, x: GraphTensor, factor: number, offset: number): GraphTensor {
  return elementwise(tape, AFFINE, { x }, { factor, offset });
}

/** `factor · x` */
export function scale(tape: Tape, x: GraphTensor, factor: number): GraphTensor {
  return affine(tape, x, factor, 0);
}

/**
 * `x` limited to `[low, high]`; the derivative is 1 inside and at the bounds, 0 outside.
 * @throws {UsageError} where low is not up to high.
 */
export function clamp(tape: Tape, x: GraphTensor, low: number, high: number): GraphTensor {
  if (!(low <= high)) throw new UsageError(`clamp to [${low}, ${high}]: the bounds must be in order.`);
  return elementwise(tape, CLAMP, { x }, { low, high });
}

const AFFINE: Formula = {
  name: 'affine',
  inputs: ['x'],
  parameters: ['factor', 'offset'],
  value: 'factor * x + offset',
  derivatives: { x: 'factor' },
};

const CLAMP: Formula = {
  name: 'clamp',
  inputs: ['x'],
  parameters: ['low', 'high'],
  value: 'clamp(x, low, high)',
  derivatives: { x: 'select(0.0, 1.0, x >= low && x <= high)' },
};

function ofOne(name: string, value: string, derivative: string, recomputed = false): OfOne {
  const formula: Formula = { name, inputs: ['x'], value, derivatives: { x: derivative }, recomputed };
  return (tape, x) => elementwise(tape, formula, { x });
}

function ofTwo(formula: Formula): OfTwo {
  return (tape, a, b) => elementwise(tape, formula, { a, b });
}
