import { sampledProduct, transposedProduct } from '../operations/masked-products.ts';
import { product } from '../operations/operations.ts';
import type { GraphTensor } from '../plan/node.ts';
import type { MaskedWeight } from '../weights/masked-weight.ts';
import type { Tape } from './tape.ts';

/**
 * `A [M,K] · X [K,N] → [M,N]` with a sparse A whose pattern stays: only its entries are multiplied, and only they have
 * gradients. The sources to name are `weight.values` and x.
 * @param x N a multiple of 4
 * @throws {UsageError} when the inner extents differ.
 */
export function maskedProduct(tape: Tape, weight: MaskedWeight, x: GraphTensor): GraphTensor {
  const { graph } = tape;
  return tape.record(product(graph, weight.matrix, x), [weight.values, x], (gradient) => [
    () => sampledProduct(graph, weight, gradient, x),
    () => transposedProduct(graph, weight, gradient),
  ]);
}
