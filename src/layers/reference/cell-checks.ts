import { valueText } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { checkPair } from './arguments.ts';
import { type DenseTensor, requireShape, requireTensor, type Shaped, shapeText } from './tensor.ts';

/**
 * Refuses weights that no cell of so many units has: a pair of two tensors of one shape `[inputs + units, gates · units]` and a
 * bias `[gates · units]`; gives the inputs.
 */
export function checkCell(
  pair: readonly Shaped[],
  names: readonly [string, string],
  bias: Shaped,
  units: number,
  gates: number,
): number {
  checkPair(pair, names);
  const [{ shape }] = pair;
  const width = gates * units;
  if (shape.length !== 2 || shape[1] !== width) {
    throw new UsageError(
      `the cell's kernel is ${shapeText(shape)}, expected ${shapeText([undefined, width])}`,
    );
  }
  requireTensor("the cell's bias", bias);
  if (bias.shape.length !== 1 || bias.shape[0] !== width) {
    throw new UsageError(`the cell's bias is ${shapeText(bias.shape)}, expected ${shapeText([width])}`);
  }
  if (shape[0] <= units) {
    throw new UsageError(
      `the cell's kernel is ${shapeText(shape)}: ${units} units leave no rows for inputs, expected more than ${units} rows`,
    );
  }
  return shape[0] - units;
}

/** Refuses a sequence whose steps are not all `[batch, inputs]`; gives the batch. */
export function checkSequence(inputs: readonly DenseTensor[], size: number): number {
  checkSteps(inputs);
  requireTensor('the input of step 0', inputs[0]);
  const batch = inputs[0].shape[0];
  inputs.forEach((x, t) => {
    requireShape(`the input of step ${t}`, x, [t === 0 ? undefined : batch, size]);
  });
  return batch;
}

/** Refuses what is no sequence, such as the tensor of a single step, and a sequence without a step. */
export function checkSteps(inputs: readonly Shaped[]): void {
  if (!Array.isArray(inputs)) {
    throw new UsageError(
      `the sequence is ${valueText(inputs)}, expected an array with a tensor for each step`,
    );
  }
  if (inputs.length === 0) throw new UsageError('the sequence is empty, expected at least one step');
}

/** Refuses a state of another number of tensors, or of other shapes. */
export function checkState(state: readonly Shaped[], tensors: number, shape: readonly number[]): void {
  if (state.length !== tensors) {
    throw new UsageError(`the state has ${state.length} tensors, expected ${tensors}`);
  }
  for (const tensor of state) requireShape('a tensor of the state', tensor, shape);
}
