import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError } from '../../src/base/errors.ts';
import { appliedCheckpoint, withoutSlots, zeroedCheckpoint } from '../../src/layers/applied-checkpoint.ts';
import { readEffectiveMatrix } from '../../src/layers/effective-weights.ts';
import { memoryCheckpoint } from '../support/memory-checkpoint.ts';

const SHARED = 'm/symbol_modality_6_2/shared';
const floats = (shape: number[], ...values: number[]) => ({ shape, data: Float32Array.from(values) });

test('weights are those the technique computes with, in pieces however parts are cut', async () => {
  const checkpoint = memoryCheckpoint(
    {
      [`${SHARED}/weights_0`]: floats([2, 2], 1, 2, 3, 4),
      [`${SHARED}/weights_1`]: floats([1, 2], 5, 6),
      [`${SHARED}//mask`]: floats([3, 2], 1, 0, 1, 1, 0, 1),
      [`${SHARED}//threshold`]: floats([], 2),
      'm/bias': floats([1], 7),
      'model_pruning/last_mask_update_step': { dtype: 'int32', shape: [], data: Int32Array.of(3) },
    },
    { pieceElements: (name) => (name.endsWith('mask') ? 3 : 2) },
  );
  const applied = appliedCheckpoint(checkpoint, 'magnitude_pruning');
  assert.deepEqual(applied.names(), ['m/bias', `${SHARED}/weights_0`, `${SHARED}/weights_1`]);
  assert.deepEqual((await applied.read(`${SHARED}/weights_0`)).data, Float32Array.of(1, 0, 3, 4));
  assert.deepEqual((await applied.read(`${SHARED}/weights_1`)).data, Float32Array.of(0, 6));
  assert.deepEqual((await applied.read('m/bias')).data, Float32Array.of(7));
  const pieces: [number, number][] = [];
  for await (const { start, data } of applied.chunks(`${SHARED}/weights_0`, 1))
    pieces.push([start, Number(data[0])]);
  assert.deepEqual(pieces, [
    [0, 1],
    [1, 0],
    [2, 3],
    [3, 4],
  ]);
});

test('variational dropout and L0 give the weights that the model is loaded with', async () => {
  const weights = floats([2, 2], 0.5, -0.001, 2, 0);
  const cases = { variational_dropout: 'log_sigma2', l0_regularization: 'log_alpha' } as const;
  for (const [technique, leaf] of Object.entries(cases)) {
    const checkpoint = memoryCheckpoint({
      'm/a/kernel': weights,
      [`m/a/${leaf}`]: floats([2, 2], -9, 1, 2.5, -1),
    });
    const site = { weights: ['m/a/kernel'], companions: [`m/a/${leaf}`] };
    const named = technique as keyof typeof cases;
    const wanted = new Float32Array(4);
    const { rows, rowStart, columns, values } = await readEffectiveMatrix(checkpoint, site, named, {
      threshold: 2,
    });
    for (let row = 0; row < rows; row++) {
      for (let i = rowStart[row]; i < rowStart[row + 1]; i++) wanted[2 * row + columns[i]] += values[i];
    }
    const applied = appliedCheckpoint(checkpoint, named, 2);
    assert.deepEqual(applied.names(), ['m/a/kernel']);
    assert.deepEqual((await applied.read('m/a/kernel')).data, wanted, technique);
  }
});

test('with dropped weights at 0 all variables stay, and the model computes with the same weights', async () => {
  const cases = {
    magnitude_pruning: ['mask', [1, 0, 0, 1]],
    variational_dropout: ['log_sigma2', [-9, 1, 2.5, -1]],
    l0_regularization: ['log_alpha', [-9, 1, 2.5, -1]],
  } as const;
  for (const [technique, [leaf, companions]] of Object.entries(cases)) {
    const named = technique as keyof typeof cases;
    const [weights, beside] = ['m/a/weights', `m/a/${leaf}`];
    const checkpoint = memoryCheckpoint({
      [weights]: floats([2, 2], 0.5, -0.001, 2, 4),
      [beside]: floats([2, 2], ...companions),
    });
    const zeroed = zeroedCheckpoint(checkpoint, named, 2);
    assert.deepEqual(zeroed.names(), checkpoint.names());
    assert.deepEqual(await zeroed.read(beside), await checkpoint.read(beside));
    const [before, after] = await Promise.all(
      [checkpoint, zeroed].map(async (each) =>
        Array.from((await appliedCheckpoint(each, named, 2).read(weights)).data, Number),
      ),
    );
    // A mask makes -0 of a negative weight.
    assert.deepEqual(after.map(String), before.map(String));
    const [whole, written] = await Promise.all(
      [checkpoint, zeroed].map(async (each) => Array.from((await each.read(weights)).data, Number)),
    );
    const kept = before.map((weight) => weight !== 0);
    assert.deepEqual(
      written,
      whole.map((weight, i) => (kept[i] ? weight : 0)),
    );
    assert.ok(kept.includes(true) && kept.includes(false), technique);
  }
});

test('a weight that is not finite is refused', async () => {
  const checkpoint = memoryCheckpoint({
    'm/a/weights': floats([2, 1], 1, Number.NaN),
    'm/a/mask': floats([2, 1], 1, 1),
  });
  await assert.rejects(
    appliedCheckpoint(checkpoint, 'magnitude_pruning').read('m/a/weights'),
    (error: Error) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, /m\/a\/weights element 1 is NaN/);
      return true;
    },
  );
});

test('slots are what optimisers keep, not moving averages or statistics', () => {
  const one = floats([1], 1);
  const kept = ['a/kernel', 'a/kernel/ExponentialMovingAverage', 'a/moving_mean', 'global_step'];
  const slots = [
    'a/kernel/Adam',
    'a/kernel/Adam_1',
    'a/moving_mean/Momentum',
    'beta1_power',
    'training/b/kernel/Adam',
  ];
  const checkpoint = memoryCheckpoint(
    Object.fromEntries([...kept, ...slots, 'beta2_power_1'].map((name) => [name, one])),
  );
  assert.deepEqual(withoutSlots(checkpoint).names(), kept.sort());
});
