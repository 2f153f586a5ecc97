import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hardConcreteGate,
  variationalDropoutKeeps,
  variationalDropoutLogAlpha,
} from '../../src/base/numerics.ts';

const f32 = Math.fround;

test('log-alpha of variational dropout has the values of the specification', () => {
  for (const [theta, logSigma2, expected, kept] of [
    [0.1, -1.7, 2.905169, true],
    [0.1, -1.6, 3.005169, false],
    [0, -10, 8.420681, false],
  ] as const) {
    assert.ok(Math.abs(variationalDropoutLogAlpha(f32(theta), f32(logSigma2)) - expected) < 2e-6);
    assert.equal(variationalDropoutKeeps(f32(theta), f32(logSigma2), 3), kept);
  }
});

test('log-alpha reproduces float32 values of the original to the last printed digit', () => {
  const weights = [0.5, 0.001, -0.02, 0, 0.0001];
  const logSigma2 = [-3, -15, -7, -18, -18];
  const expected = [-1.6137056, -1.1944399, 0.8240209, 0.420681, -0.2724667];
  const kept = [true, true, false, true, true];
  weights.forEach((weight, i) => {
    assert.ok(Math.abs(variationalDropoutLogAlpha(f32(weight), logSigma2[i]) - expected[i]) < 2e-6);
    assert.equal(variationalDropoutKeeps(f32(weight), logSigma2[i], 0.5), kept[i]);
  });
});

test('the threshold is strict, and a log-alpha that is no number is not kept', () => {
  const logAlpha = variationalDropoutLogAlpha(1, 0.75);
  assert.equal(variationalDropoutKeeps(1, 0.75, logAlpha), false);
  assert.equal(variationalDropoutKeeps(1, 0.75, logAlpha + 1e-6), true);
  assert.equal(variationalDropoutKeeps(1, Number.NaN, 3), false);
});

test('the threshold itself is a float32', () => {
  const threshold = 0.1;
  assert.ok(f32(threshold) > threshold);
  assert.equal(variationalDropoutKeeps(1, f32(threshold), threshold), false);
});

test('the gate of L0 regularisation has the values of the specification', () => {
  for (const [logAlpha, expected] of [
    [0, 0.5],
    [2.197, 0.9799757],
    [-2.197, 0.0200243],
    [-2.398, 0],
    [-3, 0],
    [3, 1],
    [Number.NEGATIVE_INFINITY, 0],
    [Number.POSITIVE_INFINITY, 1],
  ]) {
    assert.ok(Math.abs(hardConcreteGate(logAlpha) - expected) < 5e-7, String(logAlpha));
  }
  assert.equal(hardConcreteGate(-2.3979), 0);
  assert.equal(hardConcreteGate(2.3979), 1);
});
