import { UsageError } from '../../base/errors.ts';
import { elements } from '../device/scope.ts';
import type { GraphTensor } from '../plan/node.ts';

/** Extents of a tensor taken as a matrix. */
export interface Extents {
  readonly rows: number;
  readonly columns: number;
}

/**
 * A tensor as the matrix it is to the operations: all axes but the last are rows, as in a kernel `[y, x, in,
 * out]`; a vector is a column, one number of each feature; a scalar is [1, 1].
 */
export function extents(tensor: GraphTensor): Extents {
  const { shape } = tensor;
  if (shape.length < 2) return { rows: shape[0] ?? 1, columns: 1 };
  const columns = shape[shape.length - 1];
  return { rows: shape.slice(0, -1).reduce((product, extent) => product * extent, 1), columns };
}

/** `name [2, 3]` for messages. */
export function described(tensor: GraphTensor): string {
  return `${tensor.name} [${tensor.shape.join(', ')}]`;
}

/** @throws {UsageError} unless the tensor has something in it and, where given, so many rows and columns. */
export function requireExtents(operation: string, tensor: GraphTensor, expected: Partial<Extents>): Extents {
  const found = extents(tensor);
  if (elements(tensor) < 1) throw new UsageError(`${operation}: ${described(tensor)} is empty.`);
  for (const side of ['rows', 'columns'] as const) {
    if (expected[side] !== undefined && expected[side] !== found[side]) {
      throw new UsageError(
        `${operation}: ${described(tensor)} has ${found[side]} ${side}, expected ${expected[side]}.`,
      );
    }
  }
  return found;
}
