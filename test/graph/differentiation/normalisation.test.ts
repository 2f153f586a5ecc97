import assert from 'node:assert/strict';
import { test } from 'node:test';
import { multiply } from '../../../src/graph/differentiation/elementwise.ts';
import {
  batchNorm,
  layerNorm,
  updateMovingAverages,
} from '../../../src/graph/differentiation/normalisation.ts';
import { sum } from '../../../src/graph/differentiation/reductions.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { asFloats, compute } from '../../support/compute.ts';
import { DEVICE_CLASSES, gpuAs } from '../../support/device-class.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { assertClose, checkGradients, uniform, type Values } from '../../support/gradients.ts';
import { holds } from '../../support/property.ts';
import { randomFrom } from '../../support/random.ts';

const EPSILON = 1e-2;

/** Mean and biased variance. */
function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((a, b) => a + b) / values.length;
  return { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length };
}

function normalised({ x, scale, bias }: Values, columns: number, along: 'rows' | 'columns'): number[] {
  return Array.from(x, (value, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const { mean, variance } = moments(
      Array.from(x).filter((_, k) =>
        along === 'rows' ? Math.floor(k / columns) === row : k % columns === column,
      ),
    );
    return ((value - mean) / Math.sqrt(variance + EPSILON)) * scale[row] + bias[row];
  });
}

for (const deviceClass of DEVICE_CLASSES) {
  for (const [name, along, record] of [
    ['layer norm', 'columns', layerNorm],
    ['batch norm', 'rows', (...parts: Parameters<typeof batchNorm>) => batchNorm(...parts).y],
  ] as const) {
    test(`on a ${deviceClass}, ${name} and its gradients`, async () => {
      await holds(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: 1, max: 9 }),
          fc.nat(),
          async (rows, columns, seed) => {
            const random = randomFrom(seed);
            await checkGradients(await gpuAs(deviceClass), {
              operands: {
                x: uniform(random, [rows, columns]),
                scale: uniform(random, [rows], 0.5, 1.5),
                bias: uniform(random, [rows]),
              },
              tolerance: 5e-5,
              record: (tape, { x, scale, bias }) => record(tape, x, { scale, bias }, EPSILON),
              reference: (values) => normalised(values, columns, along),
            });
          },
        ),
        12,
      );
    });
  }

  test(`on a ${deviceClass}, statistics of many columns far from zero are exact`, async () => {
    const columns = 1301;
    const { data } = uniform(randomFrom(7), [3, columns], 90, 110);
    const { statistics } = await compute(await gpuAs(deviceClass), (graph, scope) => {
      const ones = scope.upload('ones', [3], new Float32Array(3).fill(1));
      const x = scope.upload('x', [3, columns], data);
      const { statistics } = batchNorm(new Tape(graph), x, { scale: ones, bias: ones }, EPSILON);
      return { statistics };
    });
    const rows = [0, 1, 2].map((row) => moments(Array.from(data.slice(row * columns, (row + 1) * columns))));
    assertClose(
      asFloats(statistics),
      [...rows.map(({ mean }) => mean), ...rows.map(({ variance }) => variance)],
      1e-5,
      'statistics',
    );
  });
}

test('moving averages take the unbiased variance', async () => {
  const { mean, variance } = await compute(await testGpu(), (graph, scope) => {
    const averages = {
      mean: scope.upload('mean', [1], Float32Array.of(2)),
      variance: scope.upload('variance', [1], Float32Array.of(3)),
    };
    const one = scope.upload('one', [1], Float32Array.of(1));
    const x = scope.upload('x', [1, 3], Float32Array.of(1, 3, 8));
    const { statistics } = batchNorm(new Tape(graph), x, { scale: one, bias: one }, EPSILON);
    updateMovingAverages(graph, statistics, 3, 0.9, averages);
    return averages;
  });
  // Mean 4, sum of squared differences 26, over two degrees of freedom.
  assertClose(asFloats(mean), [2 * 0.9 + 4 * 0.1], 1e-6, 'mean');
  assertClose(asFloats(variance), [3 * 0.9 + 13 * 0.1], 1e-6, 'variance');
  assert.equal(mean.length, 4);
});

test('averages of other channels, shares and ε that cannot be are refused', async () => {
  const gpu = await testGpu();
  const record = (epsilon: number, momentum: number, channels: number) =>
    compute(gpu, (graph, scope) => {
      const [x, ones] = [scope.tensor('x', [4, 3]), scope.tensor('ones', [4])];
      const { y, statistics } = batchNorm(new Tape(graph), x, { scale: ones, bias: ones }, epsilon);
      const average = scope.tensor('average', [channels]);
      updateMovingAverages(graph, statistics, 3, momentum, { mean: average, variance: average });
      return { y };
    });
  const wrong: [Promise<unknown>, RegExp][] = [
    [record(-1, 0.9, 4), /epsilon is -1, expected a number from 0 up/],
    [record(1e-3, 9, 4), /momentum is 9, expected a number in \[0, 1\]/],
    [record(1e-3, 0.9, 3), /moving averages: average \[3\] has 3 rows, expected 4/],
  ];
  for (const [run, message] of wrong) await assert.rejects(run, { name: 'UsageError', message });
});

test('many vectors are normalised as few are, and so are their gradients', async () => {
  const gpu = await testGpu();
  const [features, columns, few] = [37, 600, 150];
  const [x, factors] = [1, 2].map((seed) => uniform(randomFrom(seed), [features, columns]).data);
  const [scale, bias] = [3, 4].map((seed) => uniform(randomFrom(seed), [features]).data);
  const part = (values: Float32Array, from: number, width: number) =>
    Float32Array.from(
      { length: features * width },
      (_, i) => values[Math.floor(i / width) * columns + from + (i % width)],
    );
  const normalise = async (from: number, width: number) => {
    const { y, gradient } = await compute(gpu, (graph, scope) => {
      const tape = new Tape(graph);
      const shape = [features, width];
      const input = scope.upload('x', shape, part(x, from, width));
      const parameters = {
        scale: scope.upload('scale', [features], scale),
        bias: scope.upload('bias', [features], bias),
      };
      const y = layerNorm(tape, input, parameters, EPSILON);
      const loss = sum(tape, multiply(tape, y, scope.upload('factors', shape, part(factors, from, width))));
      return { y, gradient: tape.gradients(loss, [input])[0] };
    });
    return [y, gradient].map((words) => asFloats(words).subarray(0, features * width));
  };
  const whole = await normalise(0, columns);
  for (let from = 0; from < columns; from += few) {
    const parts = await normalise(from, few);
    whole.forEach((values, i) => {
      assertClose(part(values, from, few), parts[i], 2e-6, `${['value', 'gradient'][i]} from ${from}`);
    });
  }
});
