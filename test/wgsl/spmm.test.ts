import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpmmTiling } from '../../src/graph/tuning/tiling.ts';
import { csrFromDense } from '../../src/graph/weights/csr.ts';
import { uploadWeight } from '../../src/graph/weights/weight.ts';
import { spmmFits, spmmGrid, spmmKernel } from '../../src/wgsl/spmm.ts';
import { assertWithin } from '../support/accuracy.ts';
import { compute, drained, sink } from '../support/compute.ts';
import fc from '../support/fast-check.ts';
import { testGpu } from '../support/gpu.ts';
import { type Product, productOracle } from '../support/oracles.ts';
import { epilogueOf, epilogueTensors, plainProduct, productCase } from '../support/products.ts';
import { holds } from '../support/property.ts';
import { below, floats, type Pattern, randomFrom, smallIntegers, sparsify } from '../support/random.ts';

/** Lanes along the rows, long runs. Three vec4 leave most last tiles ragged. */
const CPU_LIKE: SpmmTiling = {
  entries: 'cached',
  lanesN: 1,
  lanesM: 32,
  lanesK: 1,
  vectors: 3,
  block: 16,
  unrolled: false,
};
const short = { block: 4, unrolled: false };
/** Lanes along the columns, short blocks; what lanes share differs. */
const GPU_LIKE: readonly SpmmTiling[] = [
  { entries: 'cached', lanesN: 4, lanesM: 8, lanesK: 1, vectors: 2, ...short, unrolled: true },
  { entries: 'cached', lanesN: 4, lanesM: 8, lanesK: 1, vectors: 2, ...short },
  { entries: 'staged', lanesN: 8, lanesM: 4, lanesK: 1, vectors: 1, ...short },
  // Fewer lanes than a block has fours; lanes that do not divide it.
  { entries: 'staged', lanesN: 3, lanesM: 5, lanesK: 1, vectors: 2, ...short },
  { entries: 'staged', lanesN: 16, lanesM: 1, lanesK: 1, vectors: 4, ...short },
  { entries: 'split', lanesN: 1, lanesM: 4, lanesK: 16, vectors: 1, ...short, unrolled: true },
  { entries: 'split', lanesN: 4, lanesM: 3, lanesK: 3, vectors: 2, ...short },
];
const tiling = fc.constantFrom(CPU_LIKE, ...GPU_LIKE);

/** Rows that no block holds, and rows much shorter beside them. */
const longRows = fc
  .record({
    rows: fc.integer({ min: 1, max: 9 }),
    depth: fc.integer({ min: 60, max: 700 }),
    columns4: fc.integer({ min: 1, max: 9 }),
    density: fc.double({ min: 0, max: 1, noNaN: true }),
    pattern: fc.constantFrom<Pattern>('scattered', 'empty rows', 'one full row'),
    seed: fc.nat(),
  })
  .map(({ rows, depth, columns4, density, pattern, seed }) => {
    const random = randomFrom(seed);
    const a = sparsify(random, floats(random, rows * depth, 8), depth, density, pattern);
    return plainProduct(a, rows, floats(random, depth * 4 * columns4, 8), depth);
  });

async function sparseProduct(product: Product, tiling: SpmmTiling): Promise<Float32Array> {
  const { rows, depth, columns, a, b, bias } = product;
  const { c } = await compute(await testGpu(), (graph, scope) => {
    const matrix = csrFromDense(a, rows, depth);
    const weight = uploadWeight(scope, 'a', matrix, { bias, format: 'sparse' });
    assert.ok(weight.kind === 'sparse');
    const { packedColumns } = weight;
    const variant = {
      ...tiling,
      fits: spmmFits(tiling, columns / 4),
      packedColumns,
      halfValues: false,
      epilogue: epilogueOf(product),
    };
    const result = sink(scope, [rows, columns]);
    graph.dispatch(
      spmmKernel(variant),
      spmmGrid(variant, rows, columns / 4),
      { rows, columns4: columns / 4 },
      {
        rows_of_a: weight.swizzledRows,
        columns_of_a: weight.columns,
        values_of_a: weight.values,
        b: scope.upload('b', [depth, columns], b),
        ...epilogueTensors(scope, product),
        result,
      },
    );
    return { c: result };
  });
  return drained(c, rows * columns);
}

test('the sparse product is the dense one, to the rounding of a sum', async () => {
  await holds(
    fc.asyncProperty(productCase, tiling, async (product, tiling) => {
      assertWithin(await sparseProduct(product, tiling), productOracle(product), 'c');
    }),
    100,
  );
});

test('rows longer than a block are summed too', async () => {
  await holds(
    fc.asyncProperty(longRows, tiling, async (product, tiling) => {
      assertWithin(await sparseProduct(product, tiling), productOracle(product), 'c');
    }),
    40,
  );
});

test('every way to get at the entries gives the same bits, and so does every run', async () => {
  await holds(
    fc.asyncProperty(longRows, async (product) => {
      const [first, ...others] = GPU_LIKE;
      const expected = await sparseProduct(product, first);
      for (const tiling of [first, ...others]) {
        assert.deepEqual(await sparseProduct(product, tiling), expected, JSON.stringify(tiling));
      }
    }),
    5,
  );
});

test('columns are found up to the last of 16 bits, and beyond', async () => {
  const depth = fc.constantFrom(65_536, 65_536 + 9);
  const rows = fc.integer({ min: 1, max: 5 });
  await holds(
    fc.asyncProperty(depth, rows, fc.nat(), tiling, async (depth, rows, seed, tiling) => {
      const random = randomFrom(seed);
      const a = new Float32Array(rows * depth);
      for (let row = 0; row < rows; row++) {
        for (const k of [0, 65_535, depth - 1, below(random, depth), below(random, depth)]) {
          if (random() < 0.8) a[row * depth + k] = floats(random, 1, 8)[0];
        }
      }
      const product = plainProduct(a, rows, floats(random, depth * 4, 8), depth);
      assertWithin(await sparseProduct(product, tiling), productOracle(product), 'c');
    }),
    6,
  );
});

test('the sparse product is linear in B, exactly where nothing rounds', async () => {
  const size = fc.integer({ min: 1, max: 12 });
  const factor = fc.integer({ min: -9, max: 9 });
  await holds(
    fc.asyncProperty(
      fc.record({ rows: size, depth: size, columns4: size, seed: fc.nat(), x: factor, y: factor, tiling }),
      async ({ rows, depth, columns4, seed, x, y, tiling }) => {
        const random = randomFrom(seed);
        const a = smallIntegers(random, rows * depth);
        const times = (b: Float32Array) => sparseProduct(plainProduct(a, rows, b, depth), tiling);
        const [b1, b2] = [1, 2].map(() => smallIntegers(random, depth * 4 * columns4));
        const [c1, c2] = [await times(b1), await times(b2)];
        const c = await times(b1.map((value, i) => x * value + y * b2[i]));
        // Adding 0 makes a negative zero positive: WGSL may drop its sign.
        assert.deepEqual(
          c.map((value) => value + 0),
          c1.map((value, i) => x * value + y * c2[i] + 0),
        );
      },
    ),
    10,
  );
});

test('rows beyond the width of a grid are computed too', async () => {
  const rows = 65_535 + 100;
  const random = randomFrom(1);
  const a = sparsify(random, smallIntegers(random, rows * 2), 2, 0.5, 'empty rows');
  const product = plainProduct(a, rows, smallIntegers(random, 2 * 4), 2);
  for (const entries of ['cached', 'split'] as const) {
    const tiling = { entries, lanesN: 1, lanesM: 1, lanesK: 1, vectors: 1, ...short };
    assertWithin(await sparseProduct(product, tiling), productOracle(product), 'c');
  }
});
