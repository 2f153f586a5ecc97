import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topK } from '../../src/graph/operations/operations.ts';
import { rankLanes } from '../../src/graph/tuning/variants.ts';
import {
  chunkRows,
  type RankVariant,
  rankGrid,
  rankKernel,
  rankRows,
  STATISTICS,
} from '../../src/wgsl/rank-columns.ts';
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
      columns: fc.integer({ min: 1, max: 9 }),
      ties: fc.boolean(),
      seed: fc.nat(),
    })
    .map(({ rows, columns, ties, seed }) => {
      const count = rows * columns;
      const random = randomFrom(seed);
      return { rows, columns, data: ties ? smallIntegers(random, count) : floats(random, count, 6) };
    });
}

/** Lanes as the classes of devices have them, and others. */
const lanes = fc.oneof(
  fc
    .tuple(fc.constantFrom(...DEVICE_CLASSES), fc.constantFrom(1, 2, 3, 4))
    .map(([deviceClass, beam]) => rankLanes(deviceClass, beam)),
  fc.record({
    abreast: fc.constantFrom(1, 2, 3),
    lanes: fc.constantFrom(1, 2, 8, 32),
    block: fc.constantFrom(1, 8),
  }),
);

/** Ranks all columns, a workgroup for as many as stand abreast. */
async function rank({ rows, columns, data }: Logits, variant: RankVariant): Promise<Uint32Array> {
  const { ranks } = await compute(await testGpu(), (graph, scope) => {
    const ranks = graph.tensor('ranks', [rankRows(variant), columns]);
    const logits = scope.upload('logits', [rows, columns], data);
    graph.dispatch(rankKernel(variant), rankGrid(variant, columns), { rows, columns }, { logits, ranks });
    return { ranks };
  });
  return ranks;
}

/** Checks what was found of every column. */
function assertRanked(logits: Logits, k: number, ranks: Uint32Array): void {
  const { rows, columns } = logits;
  const values = asFloats(ranks);
  for (let column = 0; column < columns; column++) {
    const ofColumn = featuresOf(logits, column, 0, rows);
    const ids = largest(ofColumn, k);
    const at = (row: number) => row * columns + column;
    assert.deepEqual(
      ids.map((_, i) => ranks[at(STATISTICS + k + i)]),
      ids,
      `ids of column ${column}`,
    );
    assert.deepEqual(
      ids.map((_, i) => values[at(STATISTICS + i)]),
      ids.map((id) => ofColumn[id]),
      `logits of column ${column}`,
    );
    assert.equal(values[at(0)], ofColumn[ids[0]]);
    assertWithin(values.slice(at(1), at(1) + 1), exponentialSumOracle(ofColumn), `sum of column ${column}`);
    // With fewer rows than k, what fills the list is below anything real, and the id of something there is.
    for (let i = ids.length; i < k; i++) {
      assert.ok(values[at(STATISTICS + i)] < -1e38);
      assert.equal(ranks[at(STATISTICS + k + i)], 0);
    }
  }
}

test('the largest logits come in order, of equal ones the smaller id first, with the sum of their softmax', async () => {
  await holds(
    fc.asyncProperty(
      // More rows than one chunk for each lane, and as many that chunks are of several blocks.
      fc.oneof(
        { weight: 5, arbitrary: logitsOf({ min: 1, max: 600 }) },
        { weight: 1, arbitrary: logitsOf({ min: 8000, max: 9000 }) },
      ),
      fc.constantFrom(1, 2, 3, 8, 20),
      lanes,
      async (logits, k, lanes) => {
        const variant = { ...lanes, k, chunkRows: chunkRows(logits.rows) };
        assertRanked(logits, k, await rank(logits, variant));
      },
    ),
    40,
  );
});

for (const deviceClass of DEVICE_CLASSES) {
  test(`the ${deviceClass} kernel ranks logits of a graph`, async () => {
    const logits = fc.sample(logitsOf({ min: 100, max: 100 }), { numRuns: 1, seed: 5 })[0];
    const { rows, columns, data } = logits;
    const { ranks } = await compute(await gpuAs(deviceClass), (graph, scope) => ({
      ranks: topK(graph, scope.upload('logits', [rows, columns], data), 5),
    }));
    assertRanked(logits, 5, ranks);
  });
}

test('a column with a logit that is not a number has an infinite largest, and no other has', async () => {
  await holds(
    fc.asyncProperty(
      logitsOf({ min: 1, max: 200 }),
      fc.nat(),
      lanes,
      async ({ rows, columns, data }, place, lanes) => {
        const broken = data.slice();
        broken[place % broken.length] = Number.NaN;
        const ranks = await rank(
          { rows, columns, data: broken },
          { ...lanes, k: 2, chunkRows: chunkRows(rows) },
        );
        const most = asFloats(ranks).subarray(0, columns);
        const infinite = [...most.keys()].filter((column) => most[column] === Number.POSITIVE_INFINITY);
        assert.deepEqual(infinite, [(place % broken.length) % columns]);
        // Whatever the list of such a column holds, its ids are those of rows.
        assert.ok(ranks.subarray((STATISTICS + 2) * columns).every((id) => id < rows));
      },
    ),
    20,
  );
});
