import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  crossEntropy,
  smoothedOverAll,
  smoothedOverOthers,
} from '../../../src/graph/differentiation/cross-entropy.ts';
import { weightedMean } from '../../../src/graph/differentiation/reductions.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { asFloats, compute } from '../../support/compute.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { assertClose, checkGradients, uniform } from '../../support/gradients.ts';
import { holds } from '../../support/property.ts';
import { below, randomFrom } from '../../support/random.ts';

test('cross-entropy with smoothed labels, its weighted mean, and their gradients', async () => {
  await holds(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 90 }),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom(0, 0.1, 0.5),
      fc.constantFrom(smoothedOverAll, smoothedOverOthers),
      fc.constantFrom(1, 30),
      fc.nat(),
      async (classes, columns, smoothing, smoothed, size, seed) => {
        const random = randomFrom(seed);
        const labels = Uint32Array.from({ length: columns }, () => below(random, classes));
        const weights = Float32Array.from({ length: columns }, (_, n) => (n === 0 ? 1 : below(random, 2)));
        const label = smoothed(classes, smoothing);
        const gpu = await testGpu();
        await checkGradients(gpu, {
          operands: {
            logits: uniform(random, [classes, columns], -size, size),
            weights: { shape: [1, columns], data: weights },
          },
          by: ['logits'],
          record: (tape, { logits, weights }, scope) => {
            const ids = scope.upload('labels', [columns], labels);
            return weightedMean(tape, crossEntropy(tape, logits, ids, label), weights);
          },
          reference: ({ logits }) => {
            let total = 0;
            for (let n = 0; n < columns; n++) {
              const column = Array.from({ length: classes }, (_, v) => logits[v * columns + n]);
              const logTotal = Math.log(column.reduce((sum, x) => sum + Math.exp(x), 0));
              column.forEach((x, v) => {
                total += weights[n] * (v === labels[n] ? label.right : label.wrong) * (logTotal - x);
              });
            }
            return [total / weights.reduce((a, b) => a + b)];
          },
        });
      },
    ),
    20,
  );
});

test('the golden value of the original: logits 1, 2, 3, label 2, smoothing 0.1', async () => {
  const { loss } = await compute(await testGpu(), (graph, scope) => {
    const logits = scope.upload('logits', [3, 1], Float32Array.of(1, 2, 3));
    const labels = scope.upload('labels', [1], Uint32Array.of(2));
    return { loss: crossEntropy(new Tape(graph), logits, labels, smoothedOverAll(3, 0.1)) };
  });
  assertClose(asFloats(loss), [0.50760597], 1e-6, 'loss');
});

test('labels and logits must have the same columns', async () => {
  await assert.rejects(
    compute(await testGpu(), (graph, scope) => ({
      loss: crossEntropy(new Tape(graph), scope.tensor('logits', [3, 2]), scope.tensor('labels', [3]), {
        right: 1,
        wrong: 0,
      }),
    })),
    { name: 'UsageError', message: 'cross-entropy labels: labels [3] has 3 rows, expected 2.' },
  );
});

test('labels cannot be smoothed by more than all of them', () => {
  for (const smoothed of [smoothedOverAll, smoothedOverOthers]) {
    assert.throws(() => smoothed(3, 1.5), { name: 'UsageError', message: /label smoothing is 1.5/ });
  }
});
