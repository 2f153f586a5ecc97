import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MatmulTiling } from '../../src/graph/tuning/tiling.ts';
import { csrFromDense } from '../../src/graph/weights/csr.ts';
import { uploadWeight } from '../../src/graph/weights/weight.ts';
import { matmulFits, matmulGrid, matmulKernel } from '../../src/wgsl/matmul.ts';
import { assertWithin } from '../support/accuracy.ts';
import { compute, drained, sink } from '../support/compute.ts';
import fc from '../support/fast-check.ts';
import { testGpu } from '../support/gpu.ts';
import { type Product, productOracle } from '../support/oracles.ts';
import { epilogueOf, epilogueTensors, productCase } from '../support/products.ts';
import { holds } from '../support/property.ts';

const CPU_LIKE: MatmulTiling = {
  operands: 'cached',
  lanesN: 1,
  lanesM: 4,
  lanesK: 1,
  rows: 4,
  vectors: 3,
  block: undefined,
};
/** All in blocks of the same length, which few depths are a multiple of. */
const GPU_LIKE: readonly MatmulTiling[] = [
  { operands: 'cached', lanesN: 4, lanesM: 8, lanesK: 1, rows: 4, vectors: 2, block: 4 },
  // One row of A to an invocation.
  { operands: 'cached', lanesN: 8, lanesM: 2, lanesK: 1, rows: 1, vectors: 1, block: 4 },
  { operands: 'staged', lanesN: 8, lanesM: 4, lanesK: 1, rows: 2, vectors: 2, block: 4 },
  { operands: 'staged', lanesN: 3, lanesM: 5, lanesK: 1, rows: 3, vectors: 1, block: 4 },
  { operands: 'split', lanesN: 2, lanesM: 2, lanesK: 8, rows: 2, vectors: 1, block: 4 },
  { operands: 'split', lanesN: 1, lanesM: 3, lanesK: 2, rows: 1, vectors: 2, block: 4 },
];

async function denseProduct(product: Product, tiling: MatmulTiling): Promise<Float32Array> {
  const { rows, depth, columns, a, b, bias } = product;
  const { c } = await compute(await testGpu(), (graph, scope) => {
    const weight = uploadWeight(scope, 'a', csrFromDense(a, rows, depth), { bias, format: 'dense' });
    assert.ok(weight.kind === 'dense');
    const fits = matmulFits(tiling, rows, columns / 4);
    const variant = { ...tiling, fits, halfValues: false, epilogue: epilogueOf(product) };
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
    fc.asyncProperty(productCase, fc.constantFrom(CPU_LIKE, ...GPU_LIKE), async (product, tiling) => {
      assertWithin(await denseProduct(product, tiling), productOracle(product), 'c');
    }),
    100,
  );
});

test('variants with blocks of one length give the same bits, and so does every run', async () => {
  await holds(
    fc.asyncProperty(productCase, async (product) => {
      const expected = await denseProduct(product, GPU_LIKE[0]);
      for (const tiling of GPU_LIKE) {
        assert.deepEqual(await denseProduct(product, tiling), expected, JSON.stringify(tiling));
      }
    }),
    10,
  );
});
