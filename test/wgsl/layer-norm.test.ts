import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LayerNormVariant, layerNormGrid, layerNormKernel } from '../../src/wgsl/layer-norm.ts';
import { assertWithin } from '../support/accuracy.ts';
import { compute, drained, sink } from '../support/compute.ts';
import fc from '../support/fast-check.ts';
import { testGpu } from '../support/gpu.ts';
import { layerNormOracle } from '../support/oracles.ts';
import { holds } from '../support/property.ts';
import { floats, randomFrom } from '../support/random.ts';

const EPSILON = 1e-6;

const ALONE: LayerNormVariant = { parts: 4, shared: false, columns: 4, held: undefined };
const FEW: LayerNormVariant = { parts: 4, shared: true, columns: 1, held: undefined };
const MANY: LayerNormVariant = { parts: 32, shared: true, columns: 4, held: undefined };
/** As many features as fit, of which some lanes have one less, or more than a block of them. */
const held = (features: number): LayerNormVariant => ({ parts: 2, shared: true, columns: 2, held: features });

const HELD = [1, 2, 7, 33, 64];

test('layer norm is exact to rounding, also where columns are nearly or wholly constant', async () => {
  await holds(
    fc.asyncProperty(
      fc.record({
        features: fc.integer({ min: 1, max: 70 }),
        columns4: fc.integer({ min: 1, max: 9 }),
        spread: fc.integer({ min: 0, max: 12 }),
        /** Far from zero, the mean swallows the bits of the differences. */
        offset: fc.constantFrom(0, 1, 100),
        amplitude: fc.constantFrom(0, 1e-3, 1),
        variant: fc.constantFrom(ALONE, FEW, MANY, undefined),
        seed: fc.nat(),
      }),
      async ({ columns4, spread, offset, amplitude, seed, ...drawn }) => {
        // Kernels that hold their features are compiled for their number: a few will do.
        const features = drawn.variant ? drawn.features : HELD[drawn.features % HELD.length];
        const variant = drawn.variant ?? held(features);
        const random = randomFrom(seed);
        const columns = 4 * columns4;
        const x = floats(random, features * columns, spread).map((value) => offset + amplitude * value);
        const [scale, bias] = [floats(random, features, spread), floats(random, features, spread)];
        const { y } = await compute(await testGpu(), (graph, scope) => {
          const y = sink(scope, [features, columns]);
          graph.dispatch(
            layerNormKernel(variant),
            layerNormGrid(variant, columns4),
            { features, columns4, epsilon: EPSILON },
            {
              x: scope.upload('x', [features, columns], x),
              scale: scope.upload('scale', [features], scale),
              bias: scope.upload('bias', [features], bias),
              y,
            },
          );
          return { y };
        });
        const expected = layerNormOracle(x, features, columns, scale, bias, EPSILON);
        assertWithin(drained(y, x.length), expected, 'y');
      },
    ),
    60,
  );
});

test('features that are held in registers, or read for every pass, give the same bits', async () => {
  const columns4 = 5;
  const columns = 4 * columns4;
  for (const features of [64, 95, 512]) {
    const random = randomFrom(features);
    const [x, scale, bias] = [features * columns, features, features].map((count) =>
      floats(random, count, 4),
    );
    const results = await compute(await testGpu(), (graph, scope) => {
      const inputs = {
        x: scope.upload('x', [features, columns], x),
        scale: scope.upload('scale', [features], scale),
        bias: scope.upload('bias', [features], bias),
      };
      const normalised = (held: number | undefined) => {
        const variant = { ...MANY, held };
        const y = graph.tensor('y', [features, columns]);
        graph.dispatch(
          layerNormKernel(variant),
          layerNormGrid(variant, columns4),
          { features, columns4, epsilon: EPSILON },
          { ...inputs, y },
        );
        return y;
      };
      return { read: normalised(undefined), held: normalised(features) };
    });
    assert.deepEqual(results.held, results.read);
  }
});
