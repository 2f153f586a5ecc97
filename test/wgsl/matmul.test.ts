import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { csrFromDense } from '../../src/graph/csr.ts';
import { uploadWeight } from '../../src/graph/weight.ts';
import { type MatmulVariant, matmulFits, matmulGrid, matmulKernel } from '../../src/wgsl/matmul.ts';
import { assertWithin } from '../support/accuracy.ts';
import { compute, drained, sink } from '../support/compute.ts';
import { testGpu } from '../support/gpu.ts';
import { type Product, productOracle } from '../support/oracles.ts';
import { epilogueOf, epilogueTensors, productCase } from '../support/products.ts';
import { holds } from '../support/property.ts';

type Tiling = Omit<MatmulVariant, 'epilogue' | 'fits'>;

const CPU_LIKE: Tiling = { lanesN: 1, lanesM: 4, rows: 4, vectors: 3 };
const GPU_LIKE: Tiling = { lanesN: 4, lanesM: 8, rows: 4, vectors: 2 };
/** One row of A to an invocation. */
const THIN: Tiling = { lanesN: 8, lanesM: 2, rows: 1, vectors: 1 };

async function denseProduct(product: Product, tiling: Tiling): Promise<Float32Array> {
  const { rows, depth, columns, a, b, bias } = product;
  const { c } = await compute(await testGpu(), (graph, scope) => {
    const weight = uploadWeight(scope, 'a', csrFromDense(a, rows, depth), { bias, format: 'dense' });
    assert.ok(weight.kind === 'dense');
    const variant = { ...tiling, fits: matmulFits(tiling, rows, columns / 4), epilogue: epilogueOf(product) };
    const result = sink(scope, [rows, columns]);
    graph.dispatch(
      matmulKernel(variant),
      matmulGrid(variant, rows, columns / 4),
      { rows, depth, columns4: columns / 4 },
      {
        a: weight.values,
        bias: weight.bias,
        b: scope.upload('b', [depth, columns], b),
        ...epilogueTensors(scope, product),
        result,
      },
    );
    return { c: result };
  });
  return drained(c, rows * columns);
}

test('the dense product is exact to the rounding of a sum, for depths and rows that no tile divides', async () => {
  await holds(
    fc.asyncProperty(productCase, fc.constantFrom(CPU_LIKE, GPU_LIKE, THIN), async (product, tiling) => {
      assertWithin(await denseProduct(product, tiling), productOracle(product), 'c');
    }),
    100,
  );
});
