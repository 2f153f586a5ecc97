import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFloats, Scope, write } from '../../../src/graph/device/scope.ts';
import { magnitudeMasks } from '../../../src/graph/operations/magnitude-mask.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { holds } from '../../support/property.ts';

/** Weights with ties, zeros of both signs, subnormals and the largest there are, and how many are to be kept. */
const layer = fc
  .array(
    fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, -0, 1, -1, 2 ** -149, -(2 ** -149), 2 ** 128 - 2 ** 104),
    ),
    { minLength: 1, maxLength: 300 },
  )
  .chain((weights) => fc.record({ weights: fc.constant(weights), wanted: fc.nat({ max: weights.length }) }));

test('of several tensors at once the largest magnitudes are kept, and all that tie with the last', async () => {
  const gpu = await testGpu();
  const property = fc.asyncProperty(fc.array(layer, { minLength: 1, maxLength: 4 }), async (layers) => {
    using scope = new Scope(gpu);
    const tensors = layers.map(({ weights: { length } }, i) => ({
      weights: scope.tensor(`weights ${i}`, [length]),
      mask: scope.tensor(`mask ${i}`, [length]),
      threshold: scope.tensor(`threshold ${i}`, []),
    }));
    using masks = await magnitudeMasks(scope, tensors);
    // Twice: nothing is left of the run before.
    for (const turn of [(values: number[]) => values.toReversed(), (values: number[]) => values]) {
      for (const [i, { weights }] of layers.entries()) {
        write(gpu, tensors[i].weights, Float32Array.from(turn(weights)));
      }
      masks.run(Uint32Array.from(layers, ({ wanted }) => wanted));
      const found = await masks.read();
      for (const [i, { weights, wanted }] of layers.entries()) {
        const magnitudes = turn(weights).map(Math.abs);
        const least =
          wanted === 0 ? Number.POSITIVE_INFINITY : magnitudes.toSorted((a, b) => b - a)[wanted - 1];
        const expected = magnitudes.map((magnitude) => (magnitude >= least ? 1 : 0));
        assert.deepEqual(await readFloats(gpu, tensors[i].mask), Float32Array.from(expected));
        const [threshold] = await readFloats(gpu, tensors[i].threshold);
        assert.equal(threshold, Math.min(least, 2 ** 128 - 2 ** 104));
        assert.equal(found[i].kept, expected.filter((kept) => kept === 1).length);
        assert.equal(found[i].notFinite, 0);
      }
    }
  });
  await holds(property, 25);
});

test('where weights are not finite, the mask stays, and those of other tensors are made', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const tensors = [
    [Number.NaN, 1, Number.NEGATIVE_INFINITY],
    [2, 3, 1],
  ].map((weights, i) => ({
    weights: scope.upload(`weights ${i}`, [3], Float32Array.from(weights)),
    mask: scope.upload(`mask ${i}`, [3], Float32Array.of(1, 1, 1)),
    threshold: scope.tensor(`threshold ${i}`, [1]),
  }));
  using masks = await magnitudeMasks(scope, tensors);
  masks.run(Uint32Array.of(1, 1));
  const found = await masks.read();
  assert.deepEqual(
    found.map(({ notFinite }) => notFinite),
    [2, 0],
  );
  assert.deepEqual(await readFloats(gpu, tensors[0].mask), Float32Array.of(1, 1, 1));
  assert.deepEqual(await readFloats(gpu, tensors[1].mask), Float32Array.of(0, 1, 0));
});
