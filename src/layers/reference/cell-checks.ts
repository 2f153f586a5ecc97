import { UsageError } from '../../errors.ts';
import { checkPair } from './arguments.ts';
import { type DenseTensor, requireShape, type Shaped, shapeText } from './tensor.ts';

/** Sizes of a cell, read from its kernel. */
export interface CellSizes {
  readonly inputs: number;
  readonly units: number;
}

/**
 * Refuses weights that no cell of so many units has: a pair of two tensors of one shape `[inputs + units, gates · units]` and a
 * bias `[gates · units]`.
 */
export function checkCell(
  pair: readonly Shaped[],
  names: readonly [string, string],
  bias: Shaped,
  units: number,
  gates: number,
): CellSizes {
  checkPair(pair, names);
  const [{ shape }] = pair;
  const width = gates * units;
  if (shape.length !== 2 || shape[1] !== width) {
    throw new UsageError(
      `the cell's kernel is ${shapeText(shape)}, expected ${shapeText([undefined, width])}`,
    );
  }
  if (bias.shape.length !== 1 || bias.shape[0] !== width) {
    throw new UsageError(`the cell's bias is ${shapeText(bias.shape)}, expected ${shapeText([width])}`);
  }
  if (shape[0] <= units) {
    throw new UsageError(
      `the cell's kernel is ${shapeText(shape)}: ${units} units leave no rows for inputs, expected more than ${units} rows`,
    );
  }
  return { inputs: shape[0] - units, units };
}

/** Refuses a sequence whose steps are not all `[batch, inputs]`; gives the batch. */
export function checkSequence(inputs: readonly DenseTensor[], size: number): number {
  if (inputs.length === 0) throw new UsageError('the sequence is empty, expected at least one step');
  const batch = inputs[0].shape[0];
  inputs.forEach((x, t) => {
    requireShape(`the input of step ${t}`, x, [t === 0 ? undefined : batch, size]);
  });
  return batch;
}
