import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError, UsageError } from '../../../src/base/errors.ts';
import { readFloats, Scope, write } from '../../../src/graph/device/scope.ts';
import { deviceMask } from '../../../src/layers/pruning/device-mask.ts';
import { sortMask } from '../../../src/layers/pruning/magnitude.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { holds } from '../../support/property.ts';
import { floats, randomFrom, smallIntegers } from '../../support/random.ts';

test('masks made on the device are those made on the host, to the bit, with ties and subnormal weights', async () => {
  const gpu = await testGpu();
  const kind = fc.constantFrom('spread', 'tied', 'subnormal');
  const sparsity = fc.float({ min: 0, max: Math.fround(0.999), noNaN: true });
  const rounding = fc.constantFrom('floor' as const, 'half-even' as const);
  await holds(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 700 }),
      kind,
      sparsity,
      rounding,
      fc.nat(),
      async (count, kind, sparsity, rounding, seed) => {
        const random = randomFrom(seed);
        const weights =
          kind === 'spread'
            ? floats(random, count, 20)
            : kind === 'tied'
              ? smallIntegers(random, count)
              : floats(random, count, 1).map((weight) => weight * 2 ** -135);
        using scope = new Scope(gpu);
        const mask = scope.tensor('mask', [count]);
        using pruning = await deviceMask(scope, scope.upload('weights', [count], weights), mask);
        const expected = sortMask(weights, sparsity, { rounding });
        const { kept, threshold } = await pruning.update(sparsity, { rounding });
        assert.deepEqual({ mask: await readFloats(gpu, mask, count), kept, threshold }, expected);
      },
    ),
    40,
  );
});

test('a mask follows its weights: they change, it is made anew in place', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const weights = scope.upload('weights', [70, 1000], floats(randomFrom(1), 70_000, 3));
  const mask = scope.tensor('mask', [70, 1000]);
  using pruning = await deviceMask(scope, weights, mask);
  for (const [step, sparsity] of [0, 0.5, 0.9, 0.2].entries()) {
    const now = floats(randomFrom(step), 70_000, 3);
    write(gpu, weights, now);
    const expected = sortMask(now, sparsity);
    assert.deepEqual(await pruning.update(sparsity), { kept: expected.kept, threshold: expected.threshold });
    assert.deepEqual(await readFloats(gpu, mask, 70_000), expected.mask);
  }
});

test('weights that are not finite, sparsities and sizes that make no sense are refused', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const mask = scope.upload('mask', [2], Float32Array.of(1, 1));
  for (const bad of [Number.NaN, Number.NEGATIVE_INFINITY]) {
    using pruning = await deviceMask(scope, scope.upload('weights', [2], Float32Array.of(1, bad)), mask);
    await assert.rejects(
      pruning.update(0.5),
      (error: Error) => error instanceof DataError && /not finite/.test(error.message),
    );
    await assert.rejects(pruning.update(1), UsageError);
    assert.deepEqual(await readFloats(gpu, mask, 2), Float32Array.of(1, 1));
  }
  await assert.rejects(deviceMask(scope, scope.tensor('weights', [3]), mask), /mask \[2\] for weights \[3\]/);
});
