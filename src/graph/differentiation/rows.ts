import { UsageError } from '../../base/errors.ts';
import { COPY, copyGrid } from '../../wgsl/copy.ts';
import type { GraphTensor } from '../plan/node.ts';
import { fill } from './formula.ts';
import { described, requireExtents } from './shapes.ts';
import type { Tape } from './tape.ts';

/**
 * Some rows of a matrix `[M, N]`: a block of features, or a part of a kernel `[in, out]`.
 * @returns `[count, N]`
 * @throws {UsageError} for rows the matrix does not have.
 */
export function rows(tape: Tape, matrix: GraphTensor, first: number, count: number): GraphTensor {
  const { graph } = tape;
  const { rows: all, columns } = requireExtents('rows', matrix, {});
  if (first < 0 || count < 1 || first + count > all) {
    throw new UsageError(`rows ${first} to ${first + count - 1} are not all in ${described(matrix)}.`);
  }
  const part = graph.tensor(`${matrix.name} rows`, [count, columns]);
  const [start, words] = [first * columns, count * columns];
  graph.dispatch(
    COPY,
    copyGrid(words),
    { words, original_start: start, duplicate_start: 0 },
    { original: matrix, duplicate: part },
  );
  return tape.record(part, [matrix], (gradient) => [
    () => {
      const whole = fill(graph, matrix, 0, `${matrix.name} gradient`);
      graph.dispatch(
        COPY,
        copyGrid(words),
        { words, original_start: 0, duplicate_start: start },
        { original: gradient, duplicate: whole },
      );
      return whole;
    },
  ]);
}
