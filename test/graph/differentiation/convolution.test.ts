import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convolution } from '../../../src/graph/differentiation/convolution.ts';
import type { Padding, Pictures } from '../../../src/graph/differentiation/pictures.ts';
import { averagePool, globalAveragePool, maxPool } from '../../../src/graph/differentiation/pool.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { compute } from '../../support/compute.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { checkGradients, separated, uniform } from '../../support/gradients.ts';
import { holds } from '../../support/property.ts';
import { randomFrom } from '../../support/random.ts';

/** A window over pictures of which at least one output pixel comes out. */
const windows = fc
  .record({
    count: fc.integer({ min: 1, max: 2 }),
    height: fc.integer({ min: 1, max: 7 }),
    width: fc.integer({ min: 1, max: 7 }),
    kernelHeight: fc.integer({ min: 1, max: 4 }),
    kernelWidth: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: fc.constantFrom<Padding>('valid', 'same', 'fixed'),
  })
  .filter(
    ({ height, width, kernelHeight, kernelWidth, padding }) =>
      padding !== 'valid' || (height >= kernelHeight && width >= kernelWidth),
  );
type Drawn = typeof windows extends fc.Arbitrary<infer T> ? T : never;

/** What TensorFlow's documentation says of padding, written out in padded pictures. */
function outputs(size: number, kernel: number, stride: number, padding: Padding) {
  if (padding === 'valid') return { out: Math.ceil((size - kernel + 1) / stride), before: 0 };
  if (padding === 'fixed') {
    return {
      out: Math.ceil((size + kernel - 1 - kernel + 1) / stride),
      before: Math.floor((kernel - 1) / 2),
    };
  }
  const out = Math.ceil(size / stride);
  return { out, before: Math.floor(Math.max((out - 1) * stride + kernel - size, 0) / 2) };
}

/** For every output pixel, what lies under its window: offsets in the kernel and columns of the input. */
function pixelsUnder(drawn: Drawn): { ky: number; kx: number; column: number }[][] {
  const { count, height, width, kernelHeight, kernelWidth, stride, padding } = drawn;
  const vertical = outputs(height, kernelHeight, stride, padding);
  const horizontal = outputs(width, kernelWidth, stride, padding);
  const under: { ky: number; kx: number; column: number }[][] = [];
  for (let b = 0; b < count; b++) {
    for (let i = 0; i < vertical.out; i++) {
      for (let j = 0; j < horizontal.out; j++) {
        const seen = [];
        for (let ky = 0; ky < kernelHeight; ky++) {
          for (let kx = 0; kx < kernelWidth; kx++) {
            const [y, x] = [i * stride + ky - vertical.before, j * stride + kx - horizontal.before];
            if (y >= 0 && y < height && x >= 0 && x < width)
              seen.push({ ky, kx, column: (b * height + y) * width + x });
          }
        }
        under.push(seen);
      }
    }
  }
  return under;
}

const channels = fc.integer({ min: 1, max: 5 });

test('convolutions of any stride and padding, and their gradients', async () => {
  await holds(
    fc.asyncProperty(windows, channels, channels, fc.nat(), async (drawn, ins, outs, seed) => {
      const { count, height, width, kernelHeight, kernelWidth } = drawn;
      const random = randomFrom(seed);
      const under = pixelsUnder(drawn);
      const columns = count * height * width;
      await checkGradients(await testGpu(), {
        operands: {
          kernel: uniform(random, [kernelHeight, kernelWidth, ins, outs]),
          x: uniform(random, [ins, columns]),
        },
        record: (tape, { kernel, x }) => convolution(tape, kernel, x, { ...drawn, pictures: drawn }),
        reference: ({ kernel, x }) =>
          Array.from({ length: outs * under.length }, (_, i) => {
            const o = Math.floor(i / under.length);
            let total = 0;
            for (const { ky, kx, column } of under[i % under.length]) {
              for (let c = 0; c < ins; c++) {
                total += kernel[((ky * kernelWidth + kx) * ins + c) * outs + o] * x[c * columns + column];
              }
            }
            return total;
          }),
      });
    }),
    30,
  );
});

test('the kernel gradient of many pixels, whose sum is cut into chunks', async () => {
  const pictures: Pictures = { count: 2, height: 23, width: 19 };
  const drawn: Drawn = { ...pictures, kernelHeight: 3, kernelWidth: 2, stride: 1, padding: 'same' };
  const under = pixelsUnder(drawn);
  await checkGradients(await testGpu(), {
    operands: {
      kernel: uniform(randomFrom(1), [3, 2, 1, 2]),
      x: uniform(randomFrom(2), [1, under.length]),
    },
    by: ['kernel'],
    record: (tape, { kernel, x }) => convolution(tape, kernel, x, { pictures, stride: 1, padding: 'same' }),
    reference: ({ kernel, x }) =>
      Array.from({ length: 2 * under.length }, (_, i) =>
        under[i % under.length].reduce(
          (total, { ky, kx, column }) =>
            total + kernel[(ky * 2 + kx) * 2 + Math.floor(i / under.length)] * x[column],
          0,
        ),
      ),
  });
});

for (const [name, record, of] of [
  ['largest', maxPool, (values: number[]) => Math.max(...values)],
  ['mean', averagePool, (values: number[]) => values.reduce((a, b) => a + b) / values.length],
] as const) {
  test(`pools of the ${name} of any window, and their gradients`, async () => {
    await holds(
      fc.asyncProperty(
        // A window of nothing but padding has neither.
        windows.filter((drawn) => pixelsUnder(drawn).every((seen) => seen.length > 0)),
        channels,
        fc.nat(),
        async (drawn, rows, seed) => {
          const under = pixelsUnder(drawn);
          const columns = drawn.count * drawn.height * drawn.width;
          await checkGradients(await testGpu(), {
            operands: { x: separated(randomFrom(seed), [rows, columns], 0.01) },
            step: 1e-3,
            record: (tape, { x }) => record(tape, x, drawn, drawn),
            reference: ({ x }) =>
              Array.from({ length: rows * under.length }, (_, i) =>
                of(
                  under[i % under.length].map(
                    ({ column }) => x[Math.floor(i / under.length) * columns + column],
                  ),
                ),
              ),
          });
        },
      ),
      25,
    );
  });
}

test('the mean of whole pictures', async () => {
  const pictures = { count: 3, height: 2, width: 5 };
  await checkGradients(await testGpu(), {
    operands: { x: uniform(randomFrom(3), [2, 30]) },
    record: (tape, { x }) => globalAveragePool(tape, x, pictures),
    reference: ({ x }) =>
      Array.from({ length: 6 }, (_, i) => x.slice(i * 10, i * 10 + 10).reduce((a, b) => a + b) / 10),
  });
});

test('what does not fit is named with its shape', async () => {
  const pictures = { count: 1, height: 2, width: 2 };
  const record = (kernel: number[], columns: number) => async () =>
    compute(await testGpu(), (graph, scope) => ({
      y: convolution(new Tape(graph), scope.tensor('kernel', kernel), scope.tensor('x', [3, columns]), {
        pictures,
        stride: 1,
        padding: 'valid',
      }),
    }));
  await assert.rejects(record([1, 1, 2, 2], 4), {
    name: 'UsageError',
    message: /kernel \[1, 1, 2, 2\].*x \[3, 4\]/,
  });
  await assert.rejects(record([1, 1, 3, 2], 5), {
    name: 'UsageError',
    message: /x \[3, 5\] has 5 columns, expected 4/,
  });
  const pool = (padding: string, stride: number) => async () =>
    compute(await testGpu(), (graph, scope) => {
      const sliding = { kernelHeight: 2, kernelWidth: 2, stride, padding: padding as Padding };
      return { y: maxPool(new Tape(graph), scope.tensor('x', [1, 4]), pictures, sliding) };
    });
  await assert.rejects(pool('SAME', 1), {
    name: 'UsageError',
    message: 'padding of max pool is "SAME", expected valid, same, fixed',
  });
  await assert.rejects(pool('same', 0), {
    name: 'UsageError',
    message: 'stride of max pool is 0, expected a positive whole number',
  });
  await assert.rejects(record([3, 1, 3, 2], 4), {
    name: 'UsageError',
    message: 'convolution: a window of 3 x 1 does not fit into 2 x 2 pixels.',
  });
});
