import { UsageError } from '../../base/errors.ts';
import {
  type StridedProduct,
  stridedProductFits,
  stridedProductGrid,
  stridedProductKernel,
  stridedProductRounds,
} from '../../wgsl/training/strided-product.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor, TransientTensor } from '../plan/node.ts';
import { choiceOf } from '../tuning/candidates.ts';
import { stridedProductTilings } from '../tuning/tilings.ts';
import { sumInChunks } from './chunks.ts';
import { add } from './elementwise.ts';
import { requireRounds } from './require-rounds.ts';
import { described, requireExtents } from './shapes.ts';
import type { Tape } from './tape.ts';

/** Which operands of a product are transposed before they are multiplied. */
export interface Transposition {
  readonly a?: boolean;
  readonly b?: boolean;
}

/**
 * `A [M,K] · B [K,N] → [M,N]`, with operands that may be given transposed.
 * @throws {UsageError} when the inner extents differ.
 */
export function product(
  tape: Tape,
  a: GraphTensor,
  b: GraphTensor,
  transposed: Transposition = {},
): GraphTensor {
  const { graph } = tape;
  const { a: ta = false, b: tb = false } = transposed;
  return tape.record(recordProduct(graph, a, b, { a: ta, b: tb }), [a, b], (gradient) => [
    () =>
      ta
        ? recordProduct(graph, tape.again(b), gradient, { a: tb, b: true }, a)
        : recordProduct(graph, gradient, tape.again(b), { b: !tb }, a),
    () =>
      tb
        ? recordProduct(graph, gradient, tape.again(a), { a: true, b: ta }, b)
        : recordProduct(graph, tape.again(a), gradient, { a: !ta }, b),
  ]);
}

/**
 * A fully connected layer: `kernelᵀ · x + bias`.
 * @param kernel `[in, out]`, as checkpoints store it
 * @param x `[in, columns]`
 * @param bias `[out]`; none unless given
 * @returns `[out, columns]`
 */
export function matmul(tape: Tape, kernel: GraphTensor, x: GraphTensor, bias?: GraphTensor): GraphTensor {
  const y = product(tape, kernel, x, { a: true });
  return bias === undefined ? y : add(tape, y, bias);
}

/** Records a product of whole matrices. @param like a tensor with the shape of the result */
function recordProduct(
  graph: Graph,
  a: GraphTensor,
  b: GraphTensor,
  { a: ta = false, b: tb = false }: Transposition,
  like?: GraphTensor,
): TransientTensor {
  const ofA = requireExtents('product', a, {});
  const ofB = requireExtents('product', b, {});
  const [rows, depth] = ta ? [ofA.columns, ofA.rows] : [ofA.rows, ofA.columns];
  const [depthOfB, columns] = tb ? [ofB.columns, ofB.rows] : [ofB.rows, ofB.columns];
  if (depth !== depthOfB) {
    const left = `${described(a)}${ta ? ' transposed' : ''}`;
    const right = `${described(b)}${tb ? ' transposed' : ''}`;
    throw new UsageError(
      `product: ${left} cannot multiply ${right}: ${depth} columns meet ${depthOfB} rows.`,
    );
  }
  const result = graph.tensor(like ? `${like.name} gradient` : 'product', like?.shape ?? [rows, columns]);
  stridedProduct(graph, a, b, result, {
    rows,
    depth,
    columns,
    a_row: ta ? 1 : ofA.columns,
    a_depth: ta ? ofA.columns : 1,
    b_depth: tb ? 1 : ofB.columns,
    b_column: tb ? ofB.columns : 1,
    c_row: columns,
  });
  return result;
}

type OneProduct = Pick<
  StridedProduct,
  'rows' | 'depth' | 'columns' | 'a_row' | 'a_depth' | 'b_depth' | 'b_column' | 'c_row'
>;

/** Records one product into a matrix without gaps, in chunks where that keeps the device busy. */
function stridedProduct(
  graph: Graph,
  a: GraphTensor,
  b: GraphTensor,
  result: TransientTensor,
  one: OneProduct,
): void {
  sumInChunks(graph, result, one.depth, (into, { chunks, depth }) =>
    batchedProduct(graph, a, b, into, {
      ...ONE_BATCH,
      ...one,
      batches: 1,
      chunks,
      chunk_depth: depth,
      c_chunk: one.rows * one.columns,
    }),
  );
}

const ONE_BATCH = { inner: 1, a_outer: 0, a_inner: 0, b_outer: 0, b_inner: 0, c_outer: 0, c_inner: 0 };

/** Records any strided product, see the kernel, with the tiles that suit the device. */
export function batchedProduct(
  graph: Graph,
  a: GraphTensor,
  b: GraphTensor,
  c: GraphTensor,
  product: StridedProduct,
): void {
  const { gpu } = graph;
  requireRounds(gpu, 'product', stridedProductRounds(product.chunk_depth));
  const choice = choiceOf(gpu, dispatchOf(product), stridedProductTilings(gpu, product), (tiling) => ({
    kernel: stridedProductKernel({ ...tiling, fits: stridedProductFits(tiling, product) }),
    grid: stridedProductGrid(tiling, product),
  }));
  graph.dispatchFastest(choice, product, { a, b, c });
}

/** What the speed of a product depends on. */
function dispatchOf({ rows, depth, columns, a_row, b_column, batches, chunks }: StridedProduct) {
  const transposed = [a_row === 1 ? 'A' : '', b_column === 1 ? '' : 'B'].join('');
  return {
    weight: `training product [${rows}, ${depth}]`,
    format: 'dense' as const,
    use: `${columns} columns, ${batches} times in ${chunks}${transposed ? `, transposed ${transposed}` : ''}`,
  };
}
