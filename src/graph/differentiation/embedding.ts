import { UsageError } from '../../base/errors.ts';
import {
  gatherGradientKernel,
  gatherGradientRounds,
  gatherGrid,
  gatherKernel,
  gatherListsGrid,
  gatherListsKernel,
} from '../../wgsl/training/gather.ts';
import { paddingMaskGrid, paddingMaskKernel, paddingMaskRounds } from '../../wgsl/training/padding-mask.ts';
import type { DeviceTensor } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';
import { requireRounds } from './require-rounds.ts';
import { described, requireExtents } from './shapes.ts';
import type { Tape } from './tape.ts';

/**
 * Rows of a table as columns. Rows that are looked up several times get the sum of their gradients, always
 * added up in the same order.
 * @param table `[vocabulary, features]`
 * @param ids `[columns]` unsigned integers, below the vocabulary, which is up to the caller
 * @returns `[features, columns]`
 * @throws {UsageError} for a table that is no matrix, and ids that are no vector.
 */
export function gather(tape: Tape, table: GraphTensor, ids: DeviceTensor): GraphTensor {
  const { graph } = tape;
  if (table.shape.length !== 2) {
    throw new UsageError(`gather: ${described(table)} is no table [vocabulary, features].`);
  }
  const { rows: vocabulary, columns: features } = requireExtents('gather', table, {});
  const { rows: columns } = requireExtents('gather ids', ids, { columns: 1 });
  const x = graph.tensor(`${table.name} rows`, [features, columns]);
  graph.dispatch(gatherKernel(), gatherGrid(features * columns), { features, columns }, { ids, table, x });
  return tape.record(x, [table], (gradient) => [
    () => {
      requireRounds(graph.gpu, 'gather gradient', gatherGradientRounds(vocabulary, columns));
      const first = graph.tensor('first columns of ids', [vocabulary]);
      const next = graph.tensor('next columns of ids', [columns]);
      graph.dispatch(gatherListsKernel(), gatherListsGrid(), { vocabulary, columns }, { ids, first, next });
      const result = graph.tensor(`${table.name} gradient`, table.shape);
      graph.dispatch(
        gatherGradientKernel(),
        gatherGrid(vocabulary * features),
        { vocabulary, features, columns },
        { first, next, gradient, result },
      );
      return result;
    },
  ]);
}

/**
 * Records which columns of embedded ids are padding: exactly zero, be it that the id was 0 or that the row is
 * pruned.
 * @param x `[features, columns]`
 * @returns `keep`, 0 for padding, else 1, and `keyBias`, −1e9 for padding, else 0, `[1, columns]` each
 */
export function paddingMask(graph: Graph, x: GraphTensor): { keep: GraphTensor; keyBias: GraphTensor } {
  const { rows: features, columns } = requireExtents('padding mask', x, {});
  requireRounds(graph.gpu, 'padding mask', paddingMaskRounds(features));
  const keep = graph.tensor('keep', [1, columns]);
  const keyBias = graph.tensor('key bias', [1, columns]);
  graph.dispatch(
    paddingMaskKernel(),
    paddingMaskGrid(columns),
    { features, columns },
    { x, keep, key_bias: keyBias },
  );
  return { keep, keyBias };
}
