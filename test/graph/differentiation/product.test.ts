import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matmul, product } from '../../../src/graph/differentiation/product.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { compute } from '../../support/compute.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { checkGradients, uniform } from '../../support/gradients.ts';
import { holds } from '../../support/property.ts';
import { randomFrom } from '../../support/random.ts';

const extent = fc.integer({ min: 1, max: 10 });

test('products of operands in any transposition, and their gradients', async () => {
  await holds(
    fc.asyncProperty(
      fc.record({
        rows: extent,
        depth: extent,
        columns: extent,
        a: fc.boolean(),
        b: fc.boolean(),
        seed: fc.nat(),
      }),
      async ({ rows, depth, columns, a: ta, b: tb, seed }) => {
        const random = randomFrom(seed);
        await checkGradients(await testGpu(), {
          operands: {
            a: uniform(random, ta ? [depth, rows] : [rows, depth]),
            b: uniform(random, tb ? [columns, depth] : [depth, columns]),
          },
          record: (tape, { a, b }) => product(tape, a, b, { a: ta, b: tb }),
          reference: ({ a, b }) =>
            Array.from({ length: rows * columns }, (_, i) => {
              const [m, n] = [Math.floor(i / columns), i % columns];
              let dot = 0;
              for (let k = 0; k < depth; k++) {
                dot += a[ta ? k * rows + m : m * depth + k] * b[tb ? n * depth + k : k * columns + n];
              }
              return dot;
            }),
        });
      },
    ),
    30,
  );
});

test('a fully connected layer, also of so many columns that the sum of its kernel gradient is cut', async () => {
  await holds(
    fc.asyncProperty(
      extent,
      extent,
      fc.constantFrom(1, 7, 300, 1100),
      fc.nat(),
      async (ins, outs, columns, seed) => {
        const random = randomFrom(seed);
        await checkGradients(await testGpu(), {
          operands: {
            kernel: uniform(random, [ins, outs]),
            x: uniform(random, [ins, columns]),
            bias: uniform(random, [outs]),
          },
          by: columns > 10 ? ['kernel', 'bias'] : ['kernel', 'x', 'bias'],
          record: (tape, { kernel, x, bias }) => matmul(tape, kernel, x, bias),
          reference: ({ kernel, x, bias }) => {
            const y = new Float64Array(outs * columns);
            for (let o = 0; o < outs; o++) {
              for (let n = 0; n < columns; n++) {
                let dot = bias[o];
                for (let i = 0; i < ins; i++) dot += kernel[i * outs + o] * x[i * columns + n];
                y[o * columns + n] = dot;
              }
            }
            return y;
          },
        });
      },
    ),
    12,
  );
});

test('operands that do not fit are named with their shapes', async () => {
  await assert.rejects(
    compute(await testGpu(), (graph, scope) => ({
      y: matmul(new Tape(graph), scope.tensor('kernel', [5, 2]), scope.tensor('x', [4, 3])),
    })),
    {
      name: 'UsageError',
      message: 'product: kernel [5, 2] transposed cannot multiply x [4, 3]: 5 columns meet 4 rows.',
    },
  );
});
