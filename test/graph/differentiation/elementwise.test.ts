import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  add,
  affine,
  applyMask,
  clamp,
  divide,
  exp,
  log,
  multiply,
  relu,
  sigmoid,
  softplus,
  sqrt,
  square,
  subtract,
  tanh,
} from '../../../src/graph/differentiation/elementwise.ts';
import { sum, weightedMean } from '../../../src/graph/differentiation/reductions.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import type { GraphTensor } from '../../../src/graph/plan/node.ts';
import { compute } from '../../support/compute.ts';
import { DEVICE_CLASSES, gpuAs } from '../../support/device-class.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { checkGradients, separated, uniform } from '../../support/gradients.ts';
import { holds } from '../../support/property.ts';
import { randomFrom } from '../../support/random.ts';

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** Functions of one variable, in float64, and the range they are tried in. */
const UNARY: Record<
  string,
  { record: (tape: Tape, x: GraphTensor) => GraphTensor; of: (x: number) => number; range: [number, number] }
> = {
  sigmoid: { record: sigmoid, of: logistic, range: [-12, 12] },
  tanh: { record: tanh, of: Math.tanh, range: [-6, 6] },
  'tanh near 0': { record: tanh, of: Math.tanh, range: [-0.2, 0.2] },
  exp: { record: exp, of: Math.exp, range: [-9, 3] },
  log: { record: log, of: Math.log, range: [0.05, 9] },
  sqrt: { record: sqrt, of: Math.sqrt, range: [0.05, 9] },
  square: { record: square, of: (x) => x * x, range: [-3, 3] },
  softplus: { record: softplus, of: (x) => Math.log1p(Math.exp(x)), range: [-12, 12] },
  affine: { record: (tape, x) => affine(tape, x, -1.5, 0.25), of: (x) => 0.25 - 1.5 * x, range: [-3, 3] },
};

const shapes = fc.record({
  rows: fc.integer({ min: 1, max: 7 }),
  columns: fc.integer({ min: 1, max: 11 }),
  seed: fc.nat(),
});

for (const [name, { record, of, range }] of Object.entries(UNARY)) {
  test(`${name} and its derivative are what the formula says`, async () => {
    await holds(
      fc.asyncProperty(shapes, async ({ rows, columns, seed }) => {
        await checkGradients(await testGpu(), {
          operands: { x: uniform(randomFrom(seed), [rows, columns], ...range) },
          record: (tape, { x }) => record(tape, x),
          reference: ({ x }) => x.map(of),
        });
      }),
      8,
    );
  });
}

/** Piecewise linear functions, tried on values away from their kinks. */
const PIECEWISE: Record<
  string,
  { record: (tape: Tape, x: GraphTensor) => GraphTensor; of: (x: number) => number }
> = {
  relu: { record: relu, of: (x) => Math.max(0, x) },
  clamp: { record: (tape, x) => clamp(tape, x, -0.3, 0.4), of: (x) => Math.min(0.4, Math.max(-0.3, x)) },
};

for (const [name, { record, of }] of Object.entries(PIECEWISE)) {
  test(`${name} passes the gradient where it is not flat`, async () => {
    await holds(
      fc.asyncProperty(shapes, async ({ rows, columns, seed }) => {
        await checkGradients(await testGpu(), {
          operands: { x: separated(randomFrom(seed), [rows, columns], 0.06) },
          record: (tape, { x }) => record(tape, x),
          reference: ({ x }) => x.map(of),
        });
      }),
      8,
    );
  });
}

test('clamp passes the gradient at its bounds, and none outside', async () => {
  const { gradient } = await compute(await testGpu(), (graph, scope) => {
    const tape = new Tape(graph);
    const x = scope.upload('x', [1, 4], Float32Array.of(-1.5, -1, 1, 1.5));
    const [gradient] = tape.gradients(sum(tape, clamp(tape, x, -1, 1)), [x]);
    return { gradient };
  });
  assert.deepEqual(new Float32Array(gradient.buffer), Float32Array.of(0, 1, 1, 0));
});

/** How an operand may be repeated to `[rows, columns]`. */
const spread = fc.constantFrom('matrix', 'column', 'row', 'number', 'vector');

function shapeOf(kind: string, rows: number, columns: number): number[] {
  if (kind === 'vector') return [rows];
  return [
    kind === 'matrix' || kind === 'column' ? rows : 1,
    kind === 'matrix' || kind === 'row' ? columns : 1,
  ];
}

/** Element of a repeated operand. */
function at(values: Float64Array, shape: readonly number[], row: number, column: number): number {
  const [rows, columns = 1] = shape;
  return values[(rows === 1 ? 0 : row) * columns + (columns === 1 ? 0 : column)];
}

const BINARY: Record<
  string,
  {
    record: (tape: Tape, a: GraphTensor, b: GraphTensor) => GraphTensor;
    of: (a: number, b: number) => number;
    by?: string[];
  }
> = {
  add: { record: add, of: (a, b) => a + b },
  subtract: { record: subtract, of: (a, b) => a - b },
  multiply: { record: multiply, of: (a, b) => a * b },
  divide: { record: divide, of: (a, b) => a / b },
  applyMask: { record: applyMask, of: (a, b) => a * b, by: ['a'] },
};

for (const deviceClass of DEVICE_CLASSES) {
  for (const [name, { record, of, by }] of Object.entries(BINARY)) {
    test(`on a ${deviceClass}, ${name} sums the gradients of operands that are repeated`, async () => {
      await holds(
        fc.asyncProperty(shapes, spread, spread, async ({ rows, columns, seed }, kindA, kindB) => {
          const random = randomFrom(seed);
          const [shapeA, shapeB] = [shapeOf(kindA, rows, columns), shapeOf(kindB, rows, columns)];
          const outRows = Math.max(shapeA[0], shapeB[0]);
          const outColumns = Math.max(shapeA[1] ?? 1, shapeB[1] ?? 1);
          await checkGradients(await gpuAs(deviceClass), {
            operands: { a: uniform(random, shapeA), b: uniform(random, shapeB, 0.5, 2) },
            ...(by ? { by } : {}),
            record: (tape, { a, b }) => record(tape, a, b),
            reference: ({ a, b }) =>
              Array.from({ length: outRows * outColumns }, (_, i) => {
                const [row, column] = [Math.floor(i / outColumns), i % outColumns];
                return of(at(a, shapeA, row, column), at(b, shapeB, row, column));
              }),
          });
        }),
        10,
      );
    });
  }

  test(`on a ${deviceClass}, long sums and weighted means have exact gradients`, async () => {
    await holds(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 700 }),
        fc.nat(),
        async (rows, columns, seed) => {
          const random = randomFrom(seed);
          const shape = [rows, columns];
          await checkGradients(await gpuAs(deviceClass), {
            operands: { x: uniform(random, shape), w: uniform(random, shape, 0.1, 1) },
            by: [],
            record: (tape, { x, w }) => weightedMean(tape, x, w),
            reference: ({ x, w }) => [
              x.reduce((total, value, i) => total + value * w[i], 0) / w.reduce((a, b) => a + b),
            ],
          });
        },
      ),
      10,
    );
  });
}

test('operands that do not fit are named with their shapes', async () => {
  const gpu = await testGpu();
  await assert.rejects(
    compute(gpu, (graph, scope) => ({
      y: add(new Tape(graph), scope.tensor('left', [2, 3]), scope.tensor('right', [4, 3])),
    })),
    { name: 'UsageError', message: /add: left \[2, 3\] cannot be repeated to \[4, 3\]/ },
  );
  await assert.rejects(
    compute(gpu, (graph, scope) => ({ y: clamp(new Tape(graph), scope.tensor('x', [2]), 1, -1) })),
    { name: 'UsageError', message: 'clamp to [1, -1]: the bounds must be in order.' },
  );
});
