import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topK } from '../../src/graph/operations/operations.ts';
import { mergeTopKGrid, mergeTopKKernel, STATISTICS, topKGrid, topKKernel } from '../../src/wgsl/top-k.ts';
import { assertWithin } from '../support/accuracy.ts';
import { asFloats, compute } from '../support/compute.ts';
import { DEVICE_CLASSES, gpuAs } from '../support/device-class.ts';
import fc from '../support/fast-check.ts';
import { featuresOf } from '../support/feature-major.ts';
import { testGpu } from '../support/gpu.ts';
import { exponentialSumOracle, largest } from '../support/oracles.ts';
import { holds } from '../support/property.ts';
import { floats, randomFrom, smallIntegers } from '../support/random.ts';

interface Logits {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** Logits with many ties, or far apart. */
function logitsOf(rows: { min: number; max: number }): fc.Arbitrary<Logits> {
  return fc
    .record({
      rows: fc.integer(rows),
      columns4: fc.integer({ min: 1, max: 6 }),
      ties: fc.boolean(),
      seed: fc.nat(),
    })
    .map(({ rows, columns4, ties, seed }) => {
      const columns = 4 * columns4;
      const count = rows * columns;
      const random = randomFrom(seed);
      return { rows, columns, data: ties ? smallIntegers(random, count) : floats(random, count, 6) };
    });
}

/** Checks what was found of every column. */
function assertRanked(logits: Logits, k: number, found: { best: Uint32Array; which: Uint32Array }): void {
  const { rows, columns } = logits;
  const best = asFloats(found.best);
  for (let column = 0; column < columns; column++) {
    const ofColumn = featuresOf(logits, column, 0, rows);
    const ids = largest(ofColumn, k);
    const at = (row: number) => row * columns + column;
    assert.deepEqual(
      ids.map((_, i) => found.which[at(i)]),
      ids,
      `ids of column ${column}`,
    );
    assert.deepEqual(
      ids.map((_, i) => best[at(STATISTICS + i)]),
      ids.map((id) => ofColumn[id]),
      `logits of column ${column}`,
    );
    assert.equal(best[at(0)], ofColumn[ids[0]]);
    assertWithin(best.slice(at(1), at(1) + 1), exponentialSumOracle(ofColumn), `sum of column ${column}`);
    // With fewer rows than k, what fills the list is below anything real.
    for (let i = ids.length; i < k; i++) assert.ok(best[at(STATISTICS + i)] < -1e38);
  }
}

test('the largest logits come in order, of equal ones the smaller id first, with the sum of their softmax', async () => {
  await holds(
    fc.asyncProperty(
      logitsOf({ min: 1, max: 300 }),
      fc.constantFrom(1, 2, 8),
      fc.constantFrom(...DEVICE_CLASSES),
      async (logits, k, deviceClass) => {
        const { rows, columns, data } = logits;
        const found = await compute(await gpuAs(deviceClass), (graph, scope) => ({
          ...topK(graph, scope.upload('logits', [rows, columns], data), k),
        }));
        assertRanked(logits, k, found);
      },
    ),
    40,
  );
});

test('a column with a logit that is not a number has an infinite largest, and no other has', async () => {
  await holds(
    fc.asyncProperty(
      logitsOf({ min: 1, max: 200 }),
      fc.nat(),
      fc.constantFrom(...DEVICE_CLASSES),
      async ({ rows, columns, data }, place, deviceClass) => {
        const broken = data.slice();
        broken[place % broken.length] = Number.NaN;
        const found = await compute(await gpuAs(deviceClass), (graph, scope) => ({
          best: topK(graph, scope.upload('logits', [rows, columns], broken), 2).best,
        }));
        const most = asFloats(found.best).subarray(0, columns);
        const infinite = [...most.keys()].filter((column) => most[column] === Number.POSITIVE_INFINITY);
        assert.deepEqual(infinite, [(place % broken.length) % columns]);
      },
    ),
    20,
  );
});

test('chunks of any size, merged over any number of levels, rank as one', async () => {
  const K = 3;
  await holds(
    fc.asyncProperty(
      logitsOf({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 2, max: 4 }),
      fc.constantFrom(1, 3),
      async (logits, chunkRows, fanIn, chunkLanes) => {
        const variant = { k: K, lanes: 2, chunkLanes };
        const { rows, columns, data } = logits;
        const columns4 = columns / 4;
        const found = await compute(await testGpu(), (graph, scope) => {
          const parts = (chunks: number) => ({
            best: graph.tensor('best', [chunks * (K + STATISTICS), columns]),
            which: graph.tensor('which', [chunks * K, columns]),
          });
          let chunks = Math.ceil(rows / chunkRows);
          let result = parts(chunks);
          graph.dispatch(
            topKKernel(variant),
            topKGrid(variant, columns4, chunks),
            { rows, columns4, chunk_rows: chunkRows },
            { logits: scope.upload('logits', [rows, columns], data), ...result },
          );
          while (chunks > 1) {
            const merged = parts(Math.ceil(chunks / fanIn));
            graph.dispatch(
              mergeTopKKernel(variant),
              mergeTopKGrid(variant, columns4, Math.ceil(chunks / fanIn)),
              { chunks, columns4, fan_in: fanIn },
              { part_best: result.best, part_which: result.which, ...merged },
            );
            chunks = Math.ceil(chunks / fanIn);
            result = merged;
          }
          return result;
        });
        assertRanked(logits, K, found);
      },
    ),
    25,
  );
});
