import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { randomKey } from '../../../src/base/random.ts';
import {
  sparseGlorotLimit,
  sparseGlorotUniform,
  sparseHeNormal,
} from '../../../src/layers/pruning/sparse-initialisers.ts';
import { glorotUniform } from '../../../src/layers/reference/initializers.ts';

const KEY = randomKey(3);

test('the sparse Glorot limit has the values of the specification, and that of Glorot at 0', () => {
  for (const [sparsity, limit] of [
    [0, 0.0625],
    [0.5, 0.0883883476],
    [0.9, 0.197642354],
  ]) {
    assert.ok(Math.abs(sparseGlorotLimit([512, 1024], sparsity) - limit) < 1e-9);
  }
  assert.equal(sparseGlorotLimit([3, 5], 0), Math.sqrt(6 / 8));
  const plain = Float32Array.from(glorotUniform([512, 1024], KEY).data);
  assert.deepEqual(sparseGlorotUniform([512, 1024], 0, KEY), plain);
});

test('sparse Glorot is uniform up to its limit', () => {
  const weights = sparseGlorotUniform([80, 100], 0.8, KEY);
  const limit = Math.fround(sparseGlorotLimit([80, 100], 0.8));
  assert.ok(weights.every((weight) => Math.abs(weight) <= limit));
  const [mean, variance] = moments(weights);
  // Six deviations of the mean and of the variance of 8000 uniform numbers.
  assert.ok(Math.abs(mean) <= (6 * limit) / Math.sqrt(3 * 8000));
  assert.ok(Math.abs(variance / (limit ** 2 / 3) - 1) <= 6 * Math.sqrt(0.8 / 8000));
});

test('sparse He is normal, its deviation that of the outputs that stay', () => {
  const weights = sparseHeNormal([3, 3, 16, 32], 0.75, KEY);
  const [mean, variance] = moments(weights);
  const expected = 2 / (3 * 3 * 32 * 0.25);
  assert.ok(Math.abs(mean) <= 6 * Math.sqrt(expected / weights.length));
  assert.ok(Math.abs(variance / expected - 1) <= 6 * Math.sqrt(2 / weights.length));
});

test('sparsities and shapes that make no sense are refused', () => {
  assert.throws(() => sparseGlorotUniform([3, 3], 1, KEY), UsageError);
  assert.throws(() => sparseGlorotUniform([3, 3, 3], 0.5, KEY), /\[rows, cols\]/);
  assert.throws(() => sparseHeNormal([3, 3, 3, 3], -0.1, KEY), UsageError);
  assert.throws(() => sparseHeNormal([3, 3], 0.5, KEY), /\[kh, kw, in, out\]/);
});

function moments(values: Float32Array): [mean: number, variance: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length];
}
