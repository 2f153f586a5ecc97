import type { GraphTensor } from '../plan/node.ts';
import { divide, multiply } from './elementwise.ts';
import { applyFormula, type Formula, sumColumns, sumRows } from './formula.ts';
import { extents } from './shapes.ts';
import type { Tape } from './tape.ts';

/** `Σ x` over all elements, a scalar `[1, 1]`. Always the same order of additions: no two runs differ. */
export function sum(tape: Tape, x: GraphTensor): GraphTensor {
  const { graph } = tape;
  const rows = graph.tensor(`${x.name} row sums`, [extents(x).rows, 1]);
  const total = graph.tensor(`${x.name} sum`, [1, 1]);
  sumColumns(graph, x, rows);
  sumRows(graph, rows, total);
  return tape.record(total, [x], (gradient) => [
    () => applyFormula(graph, REPEAT, { scalar: gradient }, {}, x),
  ]);
}

/**
 * `Σ w·x / Σ w`: the mean over what has weight.
 * @param weights constants of the shape of `x`, not all zero
 */
export function weightedMean(tape: Tape, x: GraphTensor, weights: GraphTensor): GraphTensor {
  return divide(tape, sum(tape, multiply(tape, x, weights)), sum(tape, weights));
}

const REPEAT: Formula = { name: 'repeat', inputs: ['scalar'], value: 'scalar', derivatives: {} };
