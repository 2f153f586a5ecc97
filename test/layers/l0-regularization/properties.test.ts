import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomKey } from '../../../src/base/random.ts';
import {
  type DenseTensor,
  denseTensor,
  elementwise,
  filledTensor,
} from '../../../src/layers/reference/tensor.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';
import { type Random, randomFrom } from '../../support/random.ts';
import { assertNear } from '../closeness.ts';
import { assertGradient } from '../differences.ts';
import { GATES } from '../golden-vectors.ts';
import { linearCase, matmulCase, plain, randomTensor } from '../linear-case.ts';
import { GATED_FORMS, noiseShape } from './forms.ts';

const RUNS = { reference: 100, device: 25 };

const shapes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 });

/** Weights and log α whose gates are 0, 1 and between. */
function randomPair(random: Random, shape: readonly number[]): [DenseTensor, DenseTensor] {
  return [randomTensor(random, shape), randomTensor(random, shape, -4, 4)];
}

/** Uniform numbers as float32 has them, below 1. */
function randomUniform(random: Random, shape: readonly number[]): DenseTensor {
  return randomTensor(random, shape, 0, 1 - 2 ** -24);
}

/** A gate before it is clipped, from its definition. */
function stretched(a: number, u: number, beta = 2 / 3, gamma = -0.1, zeta = 1.1, epsilon = 1e-8): number {
  const s = 1 / (1 + Math.exp(-(Math.log(u + epsilon) - Math.log(1 - u) + a) / beta));
  return s * (zeta - gamma) + gamma;
}

const clip = (value: number) => Math.min(1, Math.max(0, value));

for (const forms of GATED_FORMS) {
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

  test(`${name}: training is the plain operation with gated weights`, async () => {
    await holds(
      fc.asyncProperty(
        linearCase.filter(({ kind }) => kind !== 'embedding'),
        fc.constantFrom({}, { beta: 0.5, gamma: -0.3, zeta: 1.2, epsilon: 1e-6 }),
        async (given, options: { beta?: number; gamma?: number; zeta?: number; epsilon?: number }) => {
          const random = randomFrom(given.seed + 1);
          const [theta, logAlpha] = randomPair(random, given.weights);
          const u = randomUniform(random, given.weights);
          const { beta, gamma, zeta, epsilon } = options;
          const gated = elementwise(
            (t, a, v) => t * clip(stretched(a, v, beta, gamma, zeta, epsilon)),
            theta,
            logAlpha,
            u,
          );
          close(await forms.train(given, [theta, logAlpha], u, options), plain(given, gated), 'y');
        },
      ),
      runs,
    );
  });

  test(`${name}: an embedding draws gates for every occurrence of an id`, async () => {
    await holds(
      fc.asyncProperty(
        linearCase.filter(({ kind }) => kind === 'embedding'),
        async (given) => {
          const random = randomFrom(given.seed + 1);
          const [theta, logAlpha] = randomPair(random, given.weights);
          const u = randomUniform(random, given.result);
          const gates = elementwise((a, v) => clip(stretched(a, v)), plain(given, logAlpha), u);
          const expected = elementwise((t, z) => t * z, plain(given, theta), gates);
          close(await forms.train(given, [theta, logAlpha], u), expected, 'y');
        },
      ),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: evaluation is the plain operation with the gates of evaluation, the same every time`, async () => {
    await holds(
      fc.asyncProperty(linearCase, async (given) => {
        const [theta, logAlpha] = randomPair(randomFrom(given.seed + 1), given.weights);
        const gated = elementwise((t, a) => t * clip(1.2 / (1 + Math.exp(-a)) - 0.1), theta, logAlpha);
        const y = await forms.evaluate(given, [theta, logAlpha]);
        close(y, plain(given, gated), 'y');
        assert.deepEqual(await forms.evaluate(given, [theta, logAlpha]), y);
      }),
      runs,
    );
  });

  test(`${name}: open gates give the plain operation, closed ones nothing`, async () => {
    await holds(
      fc.asyncProperty(linearCase, async (given) => {
        const random = randomFrom(given.seed + 1);
        const theta = randomTensor(random, given.weights);
        const u = randomUniform(random, noiseShape(given));
        for (const [logAlpha, expected] of [
          [1e5, plain(given, theta)],
          [-1e5, filledTensor(given.result, 0)],
        ] as const) {
          const pair = [theta, filledTensor(given.weights, logAlpha)] as const;
          close(await forms.train(given, pair, u), expected, 'trained');
          close(await forms.evaluate(given, pair), expected, 'evaluated');
        }
      }),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: rows that are alike come out alike, since the batch shares its gates`, async () => {
    await holds(
      fc.asyncProperty(matmulCase, async (drawn) => {
        const [, k] = drawn.result;
        const n = drawn.x.data.length / drawn.result[0];
        const random = randomFrom(drawn.seed + 1);
        const row = [...randomTensor(random, [n]).data];
        const x = denseTensor([2, n], [...row, ...row]);
        const given = { ...drawn, x, weights: [n, k], result: [2, k], transposeA: false, transposeB: false };
        const { data } = await forms.train(given, randomPair(random, [n, k]), randomUniform(random, [n, k]));
        assert.deepEqual(data.slice(0, k), data.slice(k));
      }),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: a drawn gate lies in [0, 1], rises with u and with log α, and mirrors itself`, async () => {
    await holds(
      fc.asyncProperty(shapes, fc.nat(), async (shape, seed) => {
        const random = randomFrom(seed);
        const logAlpha = randomTensor(random, shape, -5, 5);
        const [u, v] = [randomUniform(random, shape), randomUniform(random, shape)];
        const z = await forms.sample(logAlpha, u);
        assert.ok(z.data.every((gate) => gate >= 0 && gate <= 1));
        const within = (lower: DenseTensor, upper: DenseTensor, what: string) =>
          lower.data.forEach((gate, i) => {
            assert.ok(gate <= upper.data[i] + tolerance, `${what}, ${i}`);
          });
        within(z, await forms.sample(logAlpha, elementwise(Math.max, u, v)), 'u');
        const higher = elementwise((a, b) => a + 3 * b, logAlpha, v);
        within(z, await forms.sample(higher, u), 'log α');
        // With γ = 1 − ζ, and ε of no account.
        const even = elementwise((value) => Math.fround(0.01 + 0.98 * value), u);
        const mirrored = elementwise((value) => 1 - value, even);
        const negated = elementwise((a) => -a, logAlpha);
        const other = await forms.sample(negated, mirrored, { epsilon: 0 });
        close(
          await forms.sample(logAlpha, even, { epsilon: 0 }),
          elementwise((gate) => 1 - gate, other),
          'mirrored',
        );
        const half = await forms.sample(logAlpha, filledTensor(shape, 0.5), { epsilon: 0 });
        close(
          half,
          elementwise((a) => clip(1.2 / (1 + Math.exp(-1.5 * a)) - 0.1), logAlpha),
          'u = ½',
        );
        close(await forms.sample(logAlpha, filledTensor(shape, 0)), filledTensor(shape, 0), 'u = 0');
      }),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: gates are 0 and 1 as often as they should be`, async () => {
    // 5 standard deviations are exceeded once in 1.7 million trials.
    const [draws, sigmas] = [20_000, 5];
    for (const [seed, [a, , active, open]] of GATES.entries()) {
      if (open === undefined) continue;
      const { data } = await forms.sample(filledTensor([draws], a), randomKey(seed));
      for (const [gate, probability] of [
        [0, 1 - active],
        [1, open],
      ]) {
        const share = data.filter((value) => value === gate).length / draws;
        const allowed = sigmas * Math.sqrt((probability * (1 - probability)) / draws);
        assert.ok(
          Math.abs(share - probability) < allowed,
          `P(${gate} | ${a}): ${share}, expected ${probability}`,
        );
      }
    }
  });

  test(`${name}: the gate of evaluation rises from 0 at −ln 11 through ½ to 1 at ln 11`, async () => {
    await holds(
      fc.asyncProperty(shapes, fc.nat(), async (shape, seed) => {
        const random = randomFrom(seed);
        const logAlpha = randomTensor(random, shape, -3, 3);
        const lower = await forms.mean(logAlpha);
        const upper = await forms.mean(
          elementwise((a, more) => a + more, logAlpha, randomTensor(random, shape, 0, 2)),
        );
        lower.data.forEach((gate, i) => {
          assert.ok(gate <= upper.data[i] + tolerance);
          if (logAlpha.data[i] < -2.3979) assert.equal(gate, 0);
          if (logAlpha.data[i] > 2.3979) assert.equal(gate, 1);
        });
        close(await forms.mean(filledTensor(shape, 0)), filledTensor(shape, 0.5), 'at 0');
      }),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: the L0 norm counts between none and all, adds up, and rises with every log α`, async () => {
    await holds(
      fc.asyncProperty(fc.tuple(fc.nat(40), fc.nat(40)), fc.nat(), async ([first, second], seed) => {
        const random = randomFrom(seed);
        const [n, m] = [first + 1, second + 1];
        const [a, b] = [randomTensor(random, [n], -6, 6), randomTensor(random, [m], -6, 6)];
        const whole = await forms.l0Norm(denseTensor([n + m], [...a.data, ...b.data]));
        const apart = (await forms.l0Norm(a)) + (await forms.l0Norm(b));
        assert.ok(Math.abs(whole - apart) <= tolerance * whole);
        assert.ok(whole > 0 && whole < n + m);
        assert.ok((await forms.l0NormGradient(a)).data.every((slope) => slope > 0));
        const all = await forms.l0Norm(filledTensor([n], 60));
        assert.ok(Math.abs(all - n) <= tolerance * n);
        const options = { beta: 0.4, gamma: -0.2, zeta: 1.3 };
        const expected = a.data.reduce(
          (sum, value) => sum + 1 / (1 + Math.exp(-value + 0.4 * Math.log(0.2 / 1.3))),
          0,
        );
        assert.ok(Math.abs((await forms.l0Norm(a, options)) - expected) <= tolerance * expected);
      }),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: gradients of all operations are those of central differences`, async () => {
    await holds(
      fc.asyncProperty(linearCase, async (given) => {
        const random = randomFrom(given.seed + 1);
        const [theta, logAlpha] = randomPair(random, given.weights);
        const locations = given.kind === 'embedding' ? plain(given, logAlpha) : logAlpha;
        const u = elementwise(awayFromCorners, locations, randomUniform(random, noiseShape(given)));
        const dy = randomTensor(random, given.result);
        const found = await forms.gradients(dy, given, [theta, logAlpha], u);
        const loss = async (t: DenseTensor, a: DenseTensor, x?: DenseTensor) => {
          const moved = x === undefined ? given : { ...given, x };
          const y = await GATED_FORMS[0].train(moved, [t, a], u);
          return y.data.reduce((sum, value, i) => sum + value * dy.data[i], 0);
        };
        await closeGradient(found.theta, theta, (moved) => loss(moved, logAlpha), 'dθ');
        await closeGradient(found.logAlpha, logAlpha, (moved) => loss(theta, moved), 'dlog α');
        if ('x' in given)
          await closeGradient(found.x!, given.x, (moved) => loss(theta, logAlpha, moved), 'dx');
      }),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: derivatives of gates and of the L0 norm are those of central differences`, async () => {
    const total = ({ data }: DenseTensor) => data.reduce((sum, value) => sum + value, 0);
    await holds(
      fc.asyncProperty(shapes, fc.nat(), async (shape, seed) => {
        const random = randomFrom(seed);
        const logAlpha = elementwise(
          (a) => (Math.abs(Math.abs(a) - Math.log(11)) < 0.01 ? Math.fround(a + 0.05) : a),
          randomTensor(random, shape, -4, 4),
        );
        const u = elementwise(awayFromCorners, logAlpha, randomUniform(random, shape));
        const [reference] = GATED_FORMS;
        const check = (actual: DenseTensor, of: (a: DenseTensor) => Promise<number>, what: string) =>
          closeGradient(actual, logAlpha, of, what);
        await check(
          await forms.sampleSlope(logAlpha, u),
          async (a) => total(await reference.sample(a, u)),
          'drawn',
        );
        await check(
          await forms.meanSlope(logAlpha),
          async (a) => total(await reference.mean(a)),
          'evaluated',
        );
        await check(await forms.l0NormGradient(logAlpha), (a) => reference.l0Norm(a), 'L0 norm');
      }),
      Math.ceil(runs / 2),
    );
  });
}

/** Keeps gates off 0 and 1 before they are clipped, where the gradient jumps. */
function awayFromCorners(a: number, u: number): number {
  let moved = u;
  while ([0, 1].some((corner) => Math.abs(stretched(a, moved) - corner) < 0.01)) {
    moved = Math.fround((moved + 0.07) % 0.99);
  }
  return moved;
}

test('a key draws the same gates twice and on the device, another key other gates, for every operation', async () => {
  const [reference, device] = GATED_FORMS;
  await holds(
    fc.asyncProperty(linearCase, async (given) => {
      const random = randomFrom(given.seed + 1);
      const pair = [randomTensor(random, given.weights, 0.5, 1), filledTensor(given.weights, 0)] as const;
      const key = randomKey(given.seed);
      const y = await reference.train(given, pair, key);
      assert.deepEqual(await reference.train(given, pair, key), y);
      assertNear((await device.train(given, pair, key)).data, y.data, 1e-5, 'on the device');
      const gates = await reference.sample(filledTensor([16], 0), key);
      assert.notDeepEqual(await reference.sample(filledTensor([16], 0), randomKey(given.seed + 1)), gates);
    }),
    30,
  );
});
