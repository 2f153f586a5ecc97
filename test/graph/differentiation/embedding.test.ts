import assert from 'node:assert/strict';
import { test } from 'node:test';
import { multiply } from '../../../src/graph/differentiation/elementwise.ts';
import { gather, paddingMask } from '../../../src/graph/differentiation/embedding.ts';
import { sum } from '../../../src/graph/differentiation/reductions.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { asFloats, compute } from '../../support/compute.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { checkGradients, uniform } from '../../support/gradients.ts';
import { holds } from '../../support/property.ts';
import { below, randomFrom } from '../../support/random.ts';

test('rows that are looked up several times get the sum of their gradients', async () => {
  await holds(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 12 }),
      fc.nat(),
      async (vocabulary, features, columns, seed) => {
        const random = randomFrom(seed);
        const ids = Uint32Array.from({ length: columns }, () => below(random, vocabulary));
        await checkGradients(await testGpu(), {
          operands: { table: uniform(random, [vocabulary, features]) },
          record: (tape, { table }, scope) => gather(tape, table, scope.upload('ids', [columns], ids)),
          reference: ({ table }) =>
            Array.from(
              { length: features * columns },
              (_, i) => table[ids[i % columns] * features + Math.floor(i / columns)],
            ),
        });
      },
    ),
    20,
  );
});

test('gradients are added up in the order of their columns, whatever the vocabulary and however often an id is there', async () => {
  await holds(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 200 }),
      fc.nat(),
      async (vocabulary, features, columns, used, seed) => {
        const random = randomFrom(seed);
        const ids = Uint32Array.from({ length: columns }, () => below(random, Math.min(used, vocabulary)));
        const factors = uniform(random, [features, columns], -1e3, 1e3).data;
        const expected = new Float32Array(vocabulary * features);
        for (let n = 0; n < columns; n++) {
          for (let d = 0; d < features; d++) expected[ids[n] * features + d] += factors[d * columns + n];
        }
        const { gradient } = await compute(await testGpu(), (graph, scope) => {
          const tape = new Tape(graph);
          const table = scope.tensor('table', [vocabulary, features]);
          const rows = gather(tape, table, scope.upload('ids', [columns], ids));
          const loss = sum(tape, multiply(tape, rows, scope.upload('factors', [features, columns], factors)));
          return { gradient: tape.gradients(loss, [table])[0] };
        });
        assert.deepEqual(asFloats(gradient).subarray(0, expected.length), expected);
      },
    ),
    20,
  );
});

test('rows are looked up in matrices alone', async () => {
  await assert.rejects(
    compute(await testGpu(), (graph, scope) => ({
      y: gather(new Tape(graph), scope.tensor('table', [3, 2, 2]), scope.tensor('ids', [2])),
    })),
    { name: 'UsageError', message: 'gather: table [3, 2, 2] is no table [vocabulary, features].' },
  );
});

test('padding is what is exactly zero', async () => {
  const { keep, keyBias } = await compute(await testGpu(), (graph, scope) =>
    paddingMask(graph, scope.upload('x', [2, 4], Float32Array.of(0, 1, 0, 0, 0, 0, -1e-30, 0))),
  );
  assert.deepEqual([...asFloats(keep)].slice(0, 4), [0, 1, 1, 0]);
  assert.deepEqual([...asFloats(keyBias)].slice(0, 4), [-1e9, 0, 0, -1e9]);
});
