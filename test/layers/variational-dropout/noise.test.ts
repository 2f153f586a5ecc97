import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normals, randomKey } from '../../../src/base/random.ts';
import { type DenseTensor, denseTensor, elementwise } from '../../../src/layers/reference/tensor.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';
import { randomFrom } from '../../support/random.ts';
import { assertNear } from '../closeness.ts';
import { linearCase, plain, randomPair, randomTensor } from '../linear-case.ts';
import { VARIATIONAL_FORMS } from './forms.ts';

test('a key draws the same noise twice and on the device, another key other noise, for every operation', async () => {
  const [reference, device] = VARIATIONAL_FORMS;
  await holds(
    fc.asyncProperty(linearCase, async (given) => {
      const pair = randomPair(randomFrom(given.seed + 1), given.weights);
      const key = randomKey(given.seed);
      const y = await reference.train(given, pair, key);
      assert.deepEqual(await reference.train(given, pair, key), y);
      assert.notDeepEqual(await reference.train(given, pair, randomKey(given.seed + 1)), y);
      assertNear((await device.train(given, pair, key)).data, y.data, 1e-5, 'on the device');
    }),
    30,
  );
});

/** Draws of a Monte Carlo estimate. */
const DRAWS = 4000;
/** Standard deviations an estimate may be off: 5 are exceeded once in 1.7 million trials. */
const SIGMAS = 5;

const [N, K] = [3, 2];

/** The same input in every row of a batch, so that one product holds all draws. */
function repeatedInput(x: DenseTensor) {
  const rows = Array.from({ length: DRAWS }, () => [...x.data]);
  return {
    kind: 'matmul',
    x: denseTensor([DRAWS, N], rows.flat()),
    weights: [N, K],
    result: [DRAWS, K],
    transposeA: false,
    transposeB: false,
    seed: 0,
  } as const;
}

function moments({ data }: DenseTensor, column: number): { mean: number; variance: number } {
  const values = Array.from({ length: DRAWS }, (_, i) => data[i * K + column]);
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS };
}

for (const forms of VARIATIONAL_FORMS) {
  test(`${forms.name}: results are distributed as if every weight were drawn for every row`, async () => {
    const random = randomFrom(5);
    const x = randomTensor(random, [1, N]);
    const pair = randomPair(random, [N, K]);
    const given = repeatedInput(x);
    const y = await forms.train(given, pair, randomKey(6));
    const one = { ...given, x, result: [1, K] };
    const means = plain(one, pair[0]).data;
    const variances = plain(
      one,
      elementwise(Math.exp, pair[1]),
      elementwise((value) => value ** 2, x),
    ).data;
    const drawn = normals(randomKey(7), DRAWS * N * K);
    const explicit = Array.from({ length: DRAWS }, (_, row) => {
      const weights = elementwise(
        (theta, logSigma2, e) => theta + Math.exp(logSigma2 / 2) * e,
        pair[0],
        pair[1],
        denseTensor([N, K], drawn.subarray(row * N * K, (row + 1) * N * K)),
      );
      return [...plain(one, weights).data];
    });
    for (let column = 0; column < K; column++) {
      const [mean, variance] = [means[column], variances[column]];
      for (const found of [moments(y, column), moments(denseTensor([DRAWS, K], explicit.flat()), column)]) {
        assert.ok(Math.abs(found.mean - mean) < SIGMAS * Math.sqrt(variance / DRAWS));
        assert.ok(Math.abs(found.variance - variance) < SIGMAS * variance * Math.sqrt(2 / DRAWS));
      }
    }
    // Rows that are alike get draws of their own.
    assert.notEqual(y.data[0], y.data[K]);
  });
}
