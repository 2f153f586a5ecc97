import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type DenseTensor,
  denseTensor,
  elementwise,
  filledTensor,
} from '../../../src/layers/reference/tensor.ts';
import { computeLogAlpha, computeLogSigma2 } from '../../../src/layers/variational-dropout/index.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';
import { randomFrom } from '../../support/random.ts';
import { assertNear } from '../closeness.ts';
import { assertGradient } from '../differences.ts';
import {
  type CaseOf,
  convolutionCase,
  embeddingCase,
  linearCase,
  matmulCase,
  plain,
  randomNormal,
  randomPair,
  randomTensor,
} from '../linear-case.ts';
import { noiseShape, VARIATIONAL_FORMS } from './forms.ts';

const RUNS = { reference: 100, device: 25 };

const clipAlphas = fc.constantFrom(undefined, 0, 1, 3, 8);

/** log α from its definition. */
function logAlphaOf([theta, logSigma2]: readonly [DenseTensor, DenseTensor]): DenseTensor {
  return elementwise((t, l) => l - Math.log(t * t + 1e-8), theta, logSigma2);
}

for (const forms of VARIATIONAL_FORMS) {
  const { name, tolerance } = forms;
  const runs = RUNS[name as keyof typeof RUNS];
  const close = (actual: DenseTensor, expected: DenseTensor, what: string) => {
    assert.deepEqual(actual.shape, expected.shape, what);
    assertNear(actual.data, expected.data, tolerance, what);
  };
  const closeGradient = (
    actual: DenseTensor,
    at: DenseTensor,
    of: (moved: DenseTensor) => Promise<number>,
    what: string,
  ) => assertGradient(actual, at, of, Math.max(2 * tolerance, 1e-7), what);

  test(`${name}: without noise, training is the plain operation, however log α is clipped`, async () => {
    await holds(
      fc.asyncProperty(
        linearCase,
        clipAlphas,
        fc.constantFrom(0, 1e-8, 0.1),
        async (given, clipAlpha, epsilon) => {
          const pair = randomPair(randomFrom(given.seed + 1), given.weights);
          const silence = filledTensor(noiseShape(given), 0);
          close(await forms.train(given, pair, silence, { clipAlpha, epsilon }), plain(given, pair[0]), 'y');
        },
      ),
      runs,
    );
  });

  test(`${name}: noise is scaled by the square root of the variance that squared inputs and σ² give, plus ε`, async () => {
    await holds(
      fc.asyncProperty(linearCase, fc.constantFrom(1e-8, 0.1), async (given, epsilon) => {
        const random = randomFrom(given.seed + 1);
        const pair = randomPair(random, given.weights);
        const variance = elementwise(Math.exp, pair[1]);
        const squares = 'x' in given ? elementwise((value) => value ** 2, given.x) : undefined;
        const deviation = elementwise((v) => Math.sqrt(v + epsilon), plain(given, variance, squares));
        assert.ok(deviation.data.every((s) => s >= Math.sqrt(epsilon)));
        const mean = plain(given, pair[0]);
        // Linear in the noise: one unit, then any share of it.
        for (const share of [1, -0.5]) {
          const y = await forms.train(given, pair, filledTensor(noiseShape(given), share), { epsilon });
          close(
            y,
            elementwise((m, s) => m + share * s, mean, deviation),
            `y with noise ${share}`,
          );
        }
      }),
      runs,
    );
  });

  test(`${name}: rows that are alike come out as far apart as their noise is`, async () => {
    await holds(
      fc.asyncProperty(matmulCase, async (drawn) => {
        const [, k] = drawn.result;
        const n = drawn.x.data.length / drawn.result[0];
        const random = randomFrom(drawn.seed + 1);
        const row = [...randomTensor(random, [n], 0.5, 1).data];
        const x = denseTensor([2, n], [...row, ...row]);
        const given = { ...drawn, x, weights: [n, k], result: [2, k], transposeA: false, transposeB: false };
        const pair = [randomTensor(random, [n, k]), filledTensor([n, k], 0)] as const;
        const noise = randomNormal(random, [2, k]);
        const { data } = await forms.train(given, pair, noise);
        const deviation = Math.sqrt(row.reduce((sum, value) => sum + value ** 2, 1e-8));
        for (let i = 0; i < k; i++) {
          const apart = deviation * (noise.data[i] - noise.data[k + i]);
          assert.ok(
            Math.abs(data[i] - data[k + i] - apart) <= 10 * tolerance * (1 + deviation),
            `output ${i}`,
          );
        }
        assert.notDeepEqual(data.slice(0, k), data.slice(k));
      }),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: an input of zeros leaves the root of ε times the noise`, async () => {
    await holds(
      fc.asyncProperty(fc.oneof(matmulCase, convolutionCase), async (given) => {
        const random = randomFrom(given.seed + 1);
        const noise = randomNormal(random, given.result);
        const silent = { ...given, x: filledTensor(given.x.shape, 0) };
        const y = await forms.train(silent, randomPair(random, given.weights), noise);
        const draws = y.data.map((value) => value / 1e-4);
        assertNear(draws, noise.data, Math.max(tolerance, 1e-9), 'y');
      }),
      runs,
    );
  });

  test(`${name}: clipping log α is computing with the clipped variance, and changes nothing beyond the largest`, async () => {
    await holds(
      fc.asyncProperty(linearCase, fc.constantFrom(0, 1, 3), async (given, clipAlpha) => {
        const random = randomFrom(given.seed + 1);
        const pair = randomPair(random, given.weights);
        const noise = randomNormal(random, noiseShape(given));
        const [theta] = pair;
        const logAlpha = elementwise((a) => Math.min(clipAlpha, Math.max(-clipAlpha, a)), logAlphaOf(pair));
        const clipped = elementwise((a, t) => a + Math.log(t * t + 1e-8), logAlpha, theta);
        const expected = await VARIATIONAL_FORMS[0].train(given, [theta, clipped], noise);
        close(await forms.train(given, pair, noise, { clipAlpha }), expected, 'y');
        // Clipping what is clipped already changes nothing.
        close(await forms.train(given, [theta, clipped], noise, { clipAlpha }), expected, 'y, clipped twice');
        const free = await forms.train(given, pair, noise);
        close(
          await forms.train(given, pair, noise, { clipAlpha: 25 }),
          free,
          'y with a bound that none reaches',
        );
      }),
      runs,
    );
  });

  test(`${name}: evaluation computes with the weights whose log α lies below the threshold`, async () => {
    await holds(
      fc.asyncProperty(linearCase, fc.constantFrom(-2, 0.5, 3), async (given, threshold) => {
        const pair = awayFromBounds(
          randomPair(randomFrom(given.seed + 1), given.weights),
          Math.abs(threshold),
        );
        const kept = elementwise((t, a) => (a < threshold ? t : 0), pair[0], logAlphaOf(pair));
        close(await forms.evaluate(given, pair, { threshold }), plain(given, kept), 'y');
        close(
          await forms.evaluate(given, pair),
          await forms.evaluate(given, pair, { threshold: 3 }),
          'by default',
        );
      }),
      runs,
    );
  });

  test(`${name}: certain weights give the plain operation, in training and at evaluation`, async () => {
    await holds(
      fc.asyncProperty(linearCase, async (given) => {
        const random = randomFrom(given.seed + 1);
        const theta = randomTensor(random, given.weights, 0.1, 1);
        const pair = [theta, filledTensor(given.weights, -1e7)] as const;
        const noise = randomNormal(random, noiseShape(given));
        close(await forms.train(given, pair, noise, { epsilon: 0 }), plain(given, theta), 'trained');
        close(await forms.evaluate(given, pair, { epsilon: 0 }), plain(given, theta), 'evaluated');
      }),
      runs,
    );
  });

  test(`${name}: masks grow with the threshold, ignore signs, and shrink with σ² and with smaller weights`, async () => {
    await holds(
      fc.asyncProperty(
        fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
        fc.tuple(fc.double({ min: -6, max: 9, noNaN: true }), fc.double({ min: 0, max: 5, noNaN: true })),
        fc.nat(),
        async (shape, [threshold, more], seed) => {
          const random = randomFrom(seed);
          const theta = randomTensor(random, shape, 0.01, 1);
          const logSigma2 = randomTensor(random, shape, -5, 3);
          const mask = await forms.mask([theta, logSigma2], { threshold });
          const within = (smaller: DenseTensor, larger: DenseTensor) =>
            smaller.data.forEach((value, i) => {
              assert.ok(value <= larger.data[i]);
            });
          within(mask, await forms.mask([theta, logSigma2], { threshold: threshold + more }));
          const negated = elementwise((t) => -t, theta);
          assert.deepEqual(await forms.mask([negated, logSigma2], { threshold }), mask);
          const noisier = elementwise((l) => l + more, logSigma2);
          within(await forms.mask([theta, noisier], { threshold }), mask);
          const smaller = elementwise((t) => t / 2, theta);
          within(await forms.mask([smaller, logSigma2], { threshold }), mask);
          const all = await forms.mask([theta, logSigma2], { threshold: Number.POSITIVE_INFINITY });
          const none = await forms.mask([theta, logSigma2], { threshold: Number.NEGATIVE_INFINITY });
          assert.ok(all.data.every((value) => value === 1) && none.data.every((value) => value === 0));
        },
      ),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: a log α of exactly the threshold is dropped, one of exactly the bound is not clipped`, async () => {
    // With θ = 1 and ε = 0, log α is log σ².
    const pair = [filledTensor([3, 1], 1), denseTensor([3, 1], [1, 2, 3])] as const;
    assert.deepEqual([...(await forms.mask(pair, { threshold: 2, epsilon: 0 })).data], [1, 0, 0]);
    const { logSigma2, theta } = await forms.klDivergenceGradients(pair, { clipAlpha: 2, epsilon: 0 });
    assert.deepEqual(
      [...logSigma2.data].map((slope) => slope < 0),
      [true, true, false],
    );
    assert.deepEqual(
      [...theta.data].map((slope) => slope > 0),
      [true, true, false],
    );
    const one = filledTensor([1, 1], 1);
    const x = filledTensor([1, 3], 1);
    const given = {
      kind: 'matmul',
      transposeA: false,
      transposeB: false,
      x,
      weights: [3, 1],
      result: [1, 1],
      seed: 0,
    } as const;
    const found = await forms.gradients(one, given, pair, one, { clipAlpha: 2, epsilon: 0 });
    assert.deepEqual(
      [...found.logSigma2.data].map((slope) => slope > 0),
      [true, true, false],
    );
  });

  test(`${name}: a matrix that is handed over transposed is the same matrix`, async () => {
    const turned = ({ shape: [rows, columns], data }: DenseTensor) =>
      denseTensor(
        [columns, rows],
        data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]),
      );
    await holds(
      fc.asyncProperty(matmulCase, async (given) => {
        const random = randomFrom(given.seed + 1);
        const pair = randomPair(random, given.weights);
        const noise = randomNormal(random, given.result);
        const y = await forms.train(given, pair, noise, { clipAlpha: 1 });
        const otherInput = { ...given, x: turned(given.x), transposeA: !given.transposeA };
        close(await forms.train(otherInput, pair, noise, { clipAlpha: 1 }), y, 'x transposed');
        const otherPair = [turned(pair[0]), turned(pair[1])] as const;
        const otherWeights = { ...given, transposeB: !given.transposeB };
        close(await forms.train(otherWeights, otherPair, noise, { clipAlpha: 1 }), y, 'weights transposed');
        close(
          await forms.evaluate(otherWeights, otherPair),
          await forms.evaluate(given, pair),
          'at evaluation',
        );
      }),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: one position is a plain product, and positions that are alike come out alike`, async () => {
    await holds(
      fc.asyncProperty(matmulCase, fc.integer({ min: 2, max: 4 }), async (drawn, positions) => {
        const given: CaseOf<'matmul'> = { ...drawn, transposeA: false, transposeB: false };
        const random = randomFrom(given.seed + 1);
        const [m, k] = given.result;
        const n = given.x.data.length / m;
        const x = denseTensor([m, n], given.x.data);
        const pair = randomPair(random, [n, k]);
        const noise = randomNormal(random, [m, k]);
        const y = await forms.train({ ...given, x, weights: [n, k] }, pair, noise);
        const broadcast = (outer: readonly number[], data: readonly number[] | Float64Array) =>
          ({
            kind: 'broadcast',
            x: denseTensor([...outer, n], data),
            weights: [n, k],
            result: [...outer, k],
            seed: 0,
          }) as const;
        close(await forms.train(broadcast([m], x.data), pair, noise), y, 'rank 2');
        const one = await forms.train(broadcast([m, 1], x.data), pair, denseTensor([m, 1, k], noise.data));
        close(denseTensor([m, k], one.data), y, 'one position');
        const rows = Array.from({ length: m * positions }, (_, i) => [
          ...x.data.slice(Math.floor(i / positions) * n, (Math.floor(i / positions) + 1) * n),
        ]);
        const many = await forms.train(
          broadcast([m, positions], rows.flat()),
          pair,
          denseTensor([m, 1, k], noise.data),
        );
        for (let i = 0; i < many.data.length; i++) {
          const first = Math.floor(i / (positions * k)) * positions * k + (i % k);
          assert.equal(many.data[i], many.data[first]);
        }
      }),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: a 1 × 1 convolution is a product of the pixels, and a lookup one of unit vectors`, async () => {
    await holds(
      fc.asyncProperty(convolutionCase, embeddingCase, async (drawn, lookup) => {
        const random = randomFrom(drawn.seed + 1);
        const [batch, height, width, channels] = drawn.x.shape;
        const outputs = drawn.weights[3];
        const pixels = batch * height * width;
        const result = [batch, height, width, outputs];
        const given = { ...drawn, weights: [1, 1, channels, outputs], result, strides: [1, 1] } as const;
        const pair = randomPair(random, [channels, outputs]);
        const noise = randomNormal(random, [pixels, outputs]);
        const kernels = pair.map(({ data }) => denseTensor(given.weights, data)) as [
          DenseTensor,
          DenseTensor,
        ];
        const matmul = { kind: 'matmul', transposeA: false, transposeB: false, seed: 0 } as const;
        const flat = {
          ...matmul,
          x: denseTensor([pixels, channels], given.x.data),
          weights: [channels, outputs],
        };
        const y = await forms.train({ ...flat, result: [pixels, outputs] }, pair, noise);
        const pictures = await forms.train(given, kernels, denseTensor(result, noise.data));
        close(denseTensor([pixels, outputs], pictures.data), y, 'pixels');

        const table = randomPair(random, lookup.weights);
        const ids = lookup.ids.data;
        const [vocabulary, features] = lookup.weights;
        const units = filledTensor([ids.length, vocabulary], 0);
        ids.forEach((id, i) => {
          units.data[i * vocabulary + id] = 1;
        });
        const product = { ...matmul, x: units, weights: lookup.weights, result: [ids.length, features] };
        const rows = await forms.evaluate(lookup, table);
        close(denseTensor(product.result, rows.data), await forms.evaluate(product, table), 'rows');
      }),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: the KL divergence adds up, ignores order and signs, and falls with σ² and rises with |θ|`, async () => {
    await holds(
      fc.asyncProperty(
        fc.tuple(fc.nat(40), fc.nat(40)),
        clipAlphas,
        fc.nat(),
        async ([first, second], clipAlpha, seed) => {
          const random = randomFrom(seed);
          const [n, m] = [first + 1, second + 1];
          const [a, b] = [randomPair(random, [n]), randomPair(random, [m])];
          const together = [0, 1].map((i) => denseTensor([n + m], [...a[i].data, ...b[i].data])) as typeof a;
          const apart =
            (await forms.klDivergence(a, { clipAlpha })) + (await forms.klDivergence(b, { clipAlpha }));
          const whole = await forms.klDivergence(together, { clipAlpha });
          const near = (x: number, y: number) =>
            assert.ok(Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y)), `${x}, ${y}`);
          near(whole, apart);
          assert.ok(whole > 0);
          const reversed = together.map((tensor) =>
            denseTensor([n + m], tensor.data.slice().reverse()),
          ) as typeof a;
          near(await forms.klDivergence(reversed, { clipAlpha }), whole);
          const negated = elementwise((t) => -t, together[0]);
          near(await forms.klDivergence([negated, together[1]], { clipAlpha }), whole);
          const { theta, logSigma2 } = await forms.klDivergenceGradients(together, { clipAlpha });
          logAlphaOf(together).data.forEach((logAlpha, i) => {
            // Next to a bound float32 may decide either way.
            if (clipAlpha !== undefined && Math.abs(Math.abs(logAlpha) - clipAlpha) < 1e-4) return;
            const free = clipAlpha === undefined || Math.abs(logAlpha) < clipAlpha;
            assert.ok(free ? logSigma2.data[i] < 0 : logSigma2.data[i] === 0, `log σ², ${i}`);
            const rises = Math.sign(together[0].data[i]) * theta.data[i];
            assert.ok(free ? rises > 0 : rises === 0, `θ, ${i}`);
          });
        },
      ),
      runs,
    );
  });

  test(`${name}: gradients of all operations are those of central differences`, async () => {
    await holds(
      fc.asyncProperty(linearCase, fc.constantFrom(undefined, 1, 3), async (given, clipAlpha) => {
        const random = randomFrom(given.seed + 1);
        const pair = awayFromBounds(randomPair(random, given.weights), clipAlpha);
        const noise = randomNormal(random, noiseShape(given));
        const dy = randomTensor(random, given.result);
        const options = { clipAlpha, epsilon: 1e-3 };
        const found = await forms.gradients(dy, given, pair, noise, options);
        const loss = async (theta: DenseTensor, logSigma2: DenseTensor, x?: DenseTensor) => {
          const moved = x === undefined ? given : { ...given, x };
          const y = await VARIATIONAL_FORMS[0].train(moved, [theta, logSigma2], noise, options);
          return y.data.reduce((sum, value, i) => sum + value * dy.data[i], 0);
        };
        const [theta, logSigma2] = pair;
        await closeGradient(found.theta, theta, (moved) => loss(moved, logSigma2), 'dθ');
        await closeGradient(found.logSigma2, logSigma2, (moved) => loss(theta, moved), 'dlog σ²');
        if ('x' in given)
          await closeGradient(found.x!, given.x, (moved) => loss(theta, logSigma2, moved), 'dx');
      }),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: gradients of the KL divergence are those of central differences`, async () => {
    await holds(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(undefined, 1, 3),
        fc.nat(),
        async (n, clipAlpha, seed) => {
          const [theta, logSigma2] = awayFromBounds(randomPair(randomFrom(seed), [n]), clipAlpha, 0.1);
          const found = await forms.klDivergenceGradients([theta, logSigma2], { clipAlpha });
          const kl = (t: DenseTensor, l: DenseTensor) =>
            VARIATIONAL_FORMS[0].klDivergence([t, l], { clipAlpha });
          await closeGradient(found.theta, theta, (moved) => kl(moved, logSigma2), 'dθ');
          await closeGradient(found.logSigma2, logSigma2, (moved) => kl(theta, moved), 'dlog σ²');
        },
      ),
      runs,
    );
  });
}

/** Keeps log α off ±`clipAlpha`, where what depends on it jumps, and θ off 0, where log α moves fast. */
function awayFromBounds(
  [theta, logSigma2]: [DenseTensor, DenseTensor],
  clipAlpha: number | undefined,
  smallest = 0.05,
): [DenseTensor, DenseTensor] {
  const t = elementwise(
    (value) => Math.fround((value < 0 ? -1 : 1) * Math.max(Math.abs(value), smallest)),
    theta,
  );
  const l = elementwise(
    (value, a) =>
      clipAlpha !== undefined && Math.abs(Math.abs(a) - clipAlpha) < 0.01 ? Math.fround(value + 0.05) : value,
    logSigma2,
    logAlphaOf([t, logSigma2]),
  );
  return [t, l];
}

test('log α and log σ² are inverse to each other, and clipping bounds log α and is idempotent', () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(0, 1, 8), (seed, limit) => {
      const random = randomFrom(seed);
      const [theta, logSigma2] = [
        randomTensor(random, [8, 5], -10, 10),
        randomTensor(random, [8, 5], -10, 10),
      ];
      const free = computeLogAlpha(logSigma2, theta, { valueLimit: undefined });
      assertNear(free.data, logAlphaOf([theta, logSigma2]).data, 1e-12, 'log α');
      assertNear(computeLogSigma2(free, theta).data, logSigma2.data, 1e-12, 'log σ²');
      const bounded = computeLogAlpha(logSigma2, theta, { valueLimit: limit });
      assert.ok(bounded.data.every((a) => Math.abs(a) <= limit));
      const again = computeLogAlpha(computeLogSigma2(bounded, theta), theta, { valueLimit: limit });
      assertNear(again.data, bounded.data, 1e-12, 'clipped twice');
      assert.ok(computeLogAlpha(logSigma2, theta).data.every((a) => Math.abs(a) <= 8));
    }),
  );
});
