import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { normals, randomKey, uniforms } from '../../../src/base/random.ts';
import { dropout } from '../../../src/graph/differentiation/dropout.ts';
import { expand, type FourAxes } from '../../../src/graph/operations/expand.ts';
import { dropout as referenceDropout } from '../../../src/layers/reference/dropout.ts';
import { denseTensor } from '../../../src/layers/reference/tensor.ts';
import { asFloats, compute } from '../../support/compute.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { checkGradients, uniform } from '../../support/gradients.ts';
import { holds } from '../../support/property.ts';
import { randomFrom } from '../../support/random.ts';

const extent = fc.integer({ min: 1, max: 9 });

test('dropout on the device and its gradient are those of float64, for single draws and for shared ones', async () => {
  await holds(
    fc.asyncProperty(
      fc.record({ rows: extent, columns: extent, sharesRows: fc.boolean(), sharesColumns: fc.boolean() }),
      fc.constantFrom(0, 0.1, 0.5, 0.9),
      fc.nat(),
      async ({ rows, columns, sharesRows, sharesColumns }, rate, seed) => {
        const random = randomFrom(seed);
        const shape = [rows, columns];
        const ofDraws = [sharesColumns ? 1 : rows, sharesRows ? 1 : columns];
        const draws = uniforms(randomKey(seed), ofDraws[0] * ofDraws[1]);
        const whole = Float64Array.from({ length: rows * columns }, (_, i) => {
          const [row, column] = [Math.floor(i / columns), i % columns];
          return draws[(sharesColumns ? 0 : row) * ofDraws[1] + (sharesRows ? 0 : column)];
        });
        await checkGradients(await testGpu(), {
          operands: {
            x: uniform(random, shape),
            draws: { shape: ofDraws, data: Float32Array.from(draws) },
          },
          by: ['x'],
          record: (tape, { x, draws: uploaded }) => dropout(tape, x, { rate, draws: uploaded }),
          reference: ({ x }) => referenceDropout(denseTensor(shape, x), rate, denseTensor(shape, whole)).data,
        });
      },
    ),
    40,
  );
});

test('what dropout gives is what came in, in expectation', () => {
  const count = 100_000;
  const x = denseTensor(
    [count],
    normals(randomKey(1), count).map((z) => 3 + z),
  );
  const draws = denseTensor([count], uniforms(randomKey(2), count));
  for (const rate of [0.1, 0.5, 0.9]) {
    const { data } = referenceDropout(x, rate, draws);
    const mean = data.reduce((sum, value) => sum + value, 0) / count;
    // Five standard errors: of x alone its variance is 1 and its mean square 10.
    const deviation = Math.sqrt(10 / (1 - rate) - 9);
    assert.ok(Math.abs(mean - 3) < (5 * deviation) / Math.sqrt(count), `${mean} at ${rate}`);
    const zeros = data.filter((value) => value === 0).length / count;
    assert.ok(Math.abs(zeros - rate) < 5 * Math.sqrt((rate * (1 - rate)) / count));
  }
});

test('a rate that cannot be is refused', async () => {
  for (const rate of [-0.1, 1, Number.NaN]) {
    assert.throws(() => referenceDropout(denseTensor([1], [1]), rate, denseTensor([1], [0])), UsageError);
  }
});

test('a tensor is repeated along any of four axes', async () => {
  const axes = fc.tuple(extent, extent, extent, extent);
  const repeated = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean());
  await holds(
    fc.asyncProperty(axes, repeated, async (extents, along) => {
      const own = extents.map((each, axis) => (along[axis] ? 1 : each)) as unknown as FourAxes;
      const length = own.reduce((a, b) => a * b);
      const data = Float32Array.from({ length }, (_, i) => i);
      const shape = [extents[0] * extents[1], extents[2] * extents[3]];
      const { y } = await compute(await testGpu(), (graph, scope) => ({
        y: expand(graph, scope.upload('x', own, data), { own, extents, shape }),
      }));
      const values = asFloats(y);
      let at = 0;
      for (let i = 0; i < extents[0]; i++)
        for (let j = 0; j < extents[1]; j++)
          for (let k = 0; k < extents[2]; k++)
            for (let l = 0; l < extents[3]; l++) {
              const place = [i, j, k, l].reduce(
                (sum, index, axis) => sum * own[axis] + (along[axis] ? 0 : index),
                0,
              );
              assert.equal(values[at++], data[place]);
            }
    }),
    20,
  );
});
