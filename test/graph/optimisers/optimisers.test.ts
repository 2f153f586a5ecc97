import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFloats, Scope, write } from '../../../src/graph/device/scope.ts';
import { Adafactor } from '../../../src/graph/optimisers/adafactor.ts';
import { Adam } from '../../../src/graph/optimisers/adam.ts';
import { Nesterov } from '../../../src/graph/optimisers/nesterov.ts';
import {
  applyGradients,
  type Optimiser,
  type OptimiserOptions,
} from '../../../src/graph/optimisers/optimiser.ts';
import { Graph } from '../../../src/graph/plan/graph.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { assertClose } from '../../support/gradients.ts';
import { holds } from '../../support/property.ts';
import { randomFrom } from '../../support/random.ts';

/** One parameter of a shape, in float64, changed by a rule. */
type Rule = (w: number[], shape: readonly number[]) => (g: readonly number[], rate: number) => void;

const nesterov: Rule = (w) => {
  const a = w.map(() => 0);
  return (g, rate) => {
    w.forEach((_, i) => {
      a[i] = 0.9 * a[i] + g[i];
      w[i] -= rate * (g[i] + 0.9 * a[i]);
    });
  };
};

const adam: Rule = (w) => {
  const [m, v] = [w.map(() => 0), w.map(() => 0)];
  let t = 0;
  return (g, rate) => {
    t++;
    w.forEach((_, i) => {
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.997 * v[i] + 0.003 * g[i] ** 2;
      w[i] -= (rate * (m[i] * Math.sqrt(1 - 0.997 ** t))) / (1 - 0.9 ** t) / (Math.sqrt(v[i]) + 1e-9);
    });
  };
};

/** Algorithms 4 and 5 of Shazeer and Stern 2018, with means instead of sums. */
const adafactor: Rule = (w, shape) => {
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [rows, columns] = [shape[0], shape[1] ?? 1];
  const r = Array.from({ length: rows }, () => 0);
  const c = Array.from({ length: columns }, () => 0);
  const v = w.map(() => 0);
  let t = 0;
  return (g, rate) => {
    const decay = 1 - (++t) ** -0.8;
    const squares = g.map((value) => value ** 2 + 1e-30);
    const average = (old: number, now: number) => decay * old + (1 - decay) * now;
    r.forEach((old, i) => {
      r[i] = average(old, mean(squares.slice(i * columns, (i + 1) * columns)));
    });
    c.forEach((old, j) => {
      c[j] = average(old, mean(squares.filter((_, k) => k % columns === j)));
    });
    v.forEach((old, k) => {
      v[k] = average(old, squares[k]);
    });
    const second =
      shape.length === 2
        ? (k: number) => (r[Math.floor(k / columns)] * c[k % columns]) / mean(r)
        : (k: number) => v[k];
    const u = g.map((value, k) => value / Math.sqrt(second(k)));
    const clip = Math.max(1, Math.sqrt(mean(u.map((value) => value ** 2))));
    const size = Math.max(1e-3, Math.sqrt(mean(w.map((value) => value ** 2))));
    w.forEach((_, k) => {
      w[k] -= (rate * size * u[k]) / clip;
    });
  };
};

const CASES: [string, (scope: Scope, options: OptimiserOptions) => Optimiser, Rule][] = [
  ['Nesterov', (scope, options) => new Nesterov(scope, options), nesterov],
  ['Adam', (scope, options) => new Adam(scope, options), adam],
  ['Adafactor', (scope, options) => new Adafactor(scope, options), adafactor],
];

for (const [name, make, rule] of CASES) {
  test(`${name} takes the steps of its paper, with another rate each, and for some parameters a scaled one`, async () => {
    await holds(
      fc.asyncProperty(
        fc.oneof(
          fc.tuple(fc.integer({ min: 1, max: 70 })),
          fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
        ),
        fc.nat(),
        async (shape, seed) => {
          const random = randomFrom(seed);
          const count = shape.reduce<number>((a, b) => a * b, 1);
          const draw = () => Float32Array.from({ length: count }, () => 2 * random() - 1);
          const start = draw();
          const gpu = await testGpu();
          using scope = new Scope(gpu);
          const [parameter, scaled] = ['w', 'scaled'].map((each) => scope.upload(each, shape, start));
          const gradient = scope.tensor('g', shape);
          const optimiser = make(scope, { rateScale: (each) => (each === 'scaled' ? 0.4 : 1) });
          const graph = new Graph(gpu, 'step');
          applyGradients(graph, optimiser, [parameter, scaled], [gradient, gradient]);
          using plan = await graph.plan();
          const [expected, expectedScaled] = [Array.from(start), Array.from(start)];
          const [step, scaledStep] = [rule(expected, shape), rule(expectedScaled, shape)];
          for (const rate of [0.1, 0.03, 0.2]) {
            const g = draw();
            write(gpu, gradient, g);
            optimiser.prepare(rate);
            plan.run();
            step(Array.from(g), rate);
            scaledStep(Array.from(g), 0.4 * rate);
          }
          assertClose(await readFloats(gpu, scaled), expectedScaled, 1e-5, name);
          assertClose(await readFloats(gpu, parameter), expected, 1e-5, name);
        },
      ),
      12,
    );
  });
}

test('Adafactor keeps what TensorFlow keeps: rows and columns of a matrix, a vector whole', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const parameters = [scope.tensor('a/w', [3, 5]), scope.tensor('b', [4])];
  const optimiser = new Adafactor(scope);
  const gradients = parameters.map(({ name, shape }) => scope.tensor(`${name} gradient`, shape));
  applyGradients(new Graph(gpu, 'step'), optimiser, parameters, gradients);
  assert.deepEqual(
    [...optimiser.slots].map(([name, { shape }]) => [name, shape]),
    [
      ['a/w/Adafactor', [3]],
      ['a/w/Adafactor_1', [5]],
      ['b/Adafactor', [4]],
    ],
  );
});

test('gradients of other parameters and numbers that cannot be are refused, and named', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const graph = new Graph(gpu, 'refusals');
  const [w, g] = [scope.tensor('w', [2, 3]), scope.tensor('g', [2, 2])];
  const adam = new Adam(scope);
  const wrong: [() => unknown, RegExp][] = [
    [() => applyGradients(graph, adam, [w], []), /0 gradients for 1 parameters/],
    [() => applyGradients(graph, adam, [w], [g]), /gradient g \[2, 2\] is not that of w \[2, 3\]/],
    [() => adam.prepare(Number.NaN), /the learning rate is NaN, expected a finite number/],
    [() => new Adam(scope, { beta1: 1 }), /beta1 is 1, expected a number in \[0, 1\)/],
    [() => new Adam(scope, { updates: -1 }), /updates is -1, expected a whole number/],
    [() => new Nesterov(scope, { momentum: -2 }), /momentum is -2/],
    [() => new Adafactor(scope, { decayExponent: Number.NaN }), /decayExponent is NaN/],
  ];
  for (const [run, message] of wrong) assert.throws(run, { name: 'UsageError', message });
  assert.equal(adam.updates, 0);
});
