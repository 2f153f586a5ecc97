import { UsageError } from '../../base/errors.ts';
import { type DenseTensor, filledTensor, requireRank, shapeText } from './tensor.ts';

/** Row numbers of a table, in any shape of at least one element. */
export interface Ids {
  /** Extents. */
  readonly shape: readonly number[];
  /** In row-major order. */
  readonly data: ArrayLike<number>;
}

/**
 * Rows of `table [V, D]`: `[…ids.shape, D]`.
 * @throws {UsageError} for a table that is no matrix, and for an id that is no row of it.
 */
export function gatherRows(table: DenseTensor, ids: Ids): DenseTensor {
  requireRank('the table', table, 2, '[vocabulary, features]');
  const [vocabulary, features] = table.shape;
  const rows = filledTensor([...ids.shape, features], 0);
  if (ids.data.length * features !== rows.data.length) {
    throw new UsageError(`ids ${shapeText(ids.shape)} have ${ids.data.length} values`);
  }
  for (let i = 0; i < ids.data.length; i++) {
    const id = ids.data[i];
    if (!Number.isInteger(id) || id < 0 || id >= vocabulary) {
      throw new UsageError(`id ${id} at ${i} is no row of the table ${shapeText(table.shape)}`);
    }
    rows.data.set(table.data.subarray(id * features, (id + 1) * features), i * features);
  }
  return rows;
}

/** The transpose of `gatherRows`: adds each row of `rows […ids.shape, D]` to row `id` of a zero table `[V, D]`. */
export function scatterRows(rows: DenseTensor, ids: Ids, shape: readonly number[]): DenseTensor {
  const table = filledTensor(shape, 0);
  const [, features] = shape;
  for (let i = 0; i < ids.data.length; i++) {
    for (let d = 0; d < features; d++) table.data[ids.data[i] * features + d] += rows.data[i * features + d];
  }
  return table;
}
