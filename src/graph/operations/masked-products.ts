import { UsageError } from '../../base/errors.ts';
import { REARRANGE, rearrangeGrid } from '../../wgsl/rearrange.ts';
import { sampledProductGrid, sampledProductKernel } from '../../wgsl/sampled-product.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor, TransientTensor } from '../plan/node.ts';
import { sampledProductLanes } from '../tuning/variants.ts';
import type { MaskedWeight } from '../weights/masked-weight.ts';
import { product, quarter } from './operations.ts';

/*
 * What training a sparse matrix of a fixed pattern takes beside `product`: with Y = A · X, the gradients of the values of A and
 * of X from that of Y. Both cost as many multiplications as A has entries for each column.
 */

/**
 * Elements of `C · Bᵀ` where the weight has entries (a sampled dense-dense product, SDDMM): the gradient of its values, C being
 * the gradient of `A · B`.
 * @param c `[M, N]`, N a multiple of 4
 * @param b `[K, N]`
 * @returns `[stored]`, as the values of the weight lie; zeros in the padding
 * @throws {UsageError} where the matrices do not fit the weight or each other.
 */
export function sampledProduct(
  graph: Graph,
  weight: MaskedWeight,
  c: GraphTensor,
  b: GraphTensor,
): TransientTensor {
  const columns4 = quarter(c);
  const { name, rows, cols, values, matrix } = weight;
  if (c.shape[0] !== rows || b.shape[0] !== cols || b.shape[1] !== c.shape[1]) {
    throw new UsageError(
      `${name} [${rows}, ${cols}] cannot sample ${c.name} [${c.shape.join(', ')}] times the transpose of ` +
        `${b.name} [${b.shape.join(', ')}]`,
    );
  }
  const { packedColumns, swizzledRows, columns } = matrix;
  const variant = { ...sampledProductLanes(graph.gpu.deviceClass), packedColumns };
  const sampled = graph.tensor(`${name} gradient`, values.shape);
  graph.dispatch(
    sampledProductKernel(variant),
    sampledProductGrid(variant, rows),
    { rows, columns4 },
    { rows_of_a: swizzledRows, columns_of_a: columns, c, b, sampled },
  );
  return sampled;
}

/**
 * `Aᵀ [K,M] · C [M,N] → [K,N]`: the gradient of B, C being the gradient of `A · B`.
 * @param c `[M, N]`, N a multiple of 4
 * @throws {UsageError} as `product`.
 */
export function transposedProduct(graph: Graph, weight: MaskedWeight, c: GraphTensor): GraphTensor {
  const { values, transpose, places } = weight;
  const [count] = places.shape;
  if (count > 0) {
    graph.dispatch(
      REARRANGE,
      rearrangeGrid(count),
      { count },
      { places, numbers: values, rearranged: transpose.values },
    );
  }
  return product(graph, transpose, c);
}
