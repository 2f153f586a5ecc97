import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import {
  CubicPenaltyWeight,
  cubicPenaltyTarget,
  linearPenaltyWeight,
} from '../../src/layers/penalty-schedule.ts';
import fc from '../support/fast-check.ts';
import { assertClose } from './golden-vectors.ts';

const ramps = fc
  .record({
    weight: fc.double({ min: 0, max: 10, noNaN: true }),
    begin: fc.nat(50),
    steps: fc.integer({ min: 1, max: 50 }),
  })
  .map(({ weight, begin, steps }) => ({ weight, begin, end: begin + steps }));

test('linear and cubic rises have the known values', () => {
  const ramp = { weight: 1, begin: 100, end: 200 };
  const steps = [0, 100, 125, 150, 200, 1000];
  assertClose(
    steps.map((step) => linearPenaltyWeight(step, ramp)),
    [0, 0, 0.25, 0.5, 1, 1],
    1e-12,
    'linear',
  );
  assertClose(
    steps.map((step) => cubicPenaltyTarget(step, ramp)),
    [0, 0, 0.578125, 0.875, 1, 1],
    1e-12,
    'cubic',
  );
});

test('the average of the cubic rise has the known values', () => {
  const weight = new CubicPenaltyWeight({ weight: 1, begin: 0, end: 4 });
  const averages = [0, 1, 2, 3, 4, 5, 6, 7].map((step) => weight.at(step));
  const expected = [
    0, 0.0578125, 0.13953125, 0.224015625, 0.301614063, 0.371452656, 0.434307391, 0.490876652,
  ];
  assertClose(averages, expected, 1e-9, 'average');
});

test('both rise from 0 at the beginning to the weight at the end, and never fall', () => {
  fc.assert(
    fc.property(ramps, (ramp) => {
      for (const rise of [linearPenaltyWeight, cubicPenaltyTarget]) {
        assert.equal(rise(ramp.begin, ramp), 0);
        assert.equal(rise(0, ramp), 0);
        assert.equal(rise(ramp.end, ramp), ramp.weight);
        assert.equal(rise(ramp.end + 1000, ramp), ramp.weight);
        for (let step = ramp.begin; step < ramp.end; step++) {
          assert.ok(rise(step + 1, ramp) >= rise(step, ramp));
        }
      }
    }),
  );
});

test('the average lags behind the rise and reaches the weight geometrically', () => {
  fc.assert(
    fc.property(ramps, (ramp) => {
      const weight = new CubicPenaltyWeight(ramp);
      let highest = 0;
      for (let step = 0; step <= ramp.end; step++) {
        highest = Math.max(highest, cubicPenaltyTarget(step, ramp));
        const average = weight.at(step);
        assert.ok(average >= 0 && average <= highest + 1e-12);
      }
      const missing = ramp.weight - weight.average;
      for (let later = 1; later < 20; later++) {
        const expected = missing * 0.9 ** later;
        assert.ok(
          Math.abs(ramp.weight - weight.at(ramp.end + later) - expected) < 1e-9 * Math.max(1, missing),
        );
      }
    }),
  );
});

test('a step is averaged in once, and an average resumes where it was left', () => {
  const ramp = { weight: 1, begin: 0, end: 4 };
  const weight = new CubicPenaltyWeight(ramp);
  weight.at(0);
  const once = weight.at(1);
  assert.equal(weight.at(1), once);
  const resumed = new CubicPenaltyWeight(ramp, { resumed: { average: weight.average, step: 1 } });
  assert.equal(resumed.at(2), weight.at(2));
  assert.throws(() => weight.at(1), /step 1 was asked for after that of step 2/);
});

test('ramps that do not rise are refused', () => {
  for (const ramp of [
    { weight: 1, begin: 5, end: 5 },
    { weight: 1, begin: 5, end: 4 },
    { weight: -1, begin: 0, end: 4 },
    { weight: Number.NaN, begin: 0, end: 4 },
  ]) {
    assert.throws(() => linearPenaltyWeight(0, ramp), UsageError);
    assert.throws(() => cubicPenaltyTarget(0, ramp), UsageError);
    assert.throws(() => new CubicPenaltyWeight(ramp), UsageError);
  }
  const ramp = { weight: 1, begin: 0, end: 4 };
  for (const weight of [linearPenaltyWeight, cubicPenaltyTarget]) {
    assert.throws(() => weight(Number.NaN, ramp), { name: 'UsageError', message: /step is NaN/ });
  }
  assert.throws(() => new CubicPenaltyWeight({ weight: 1, begin: 0, end: 1 }, { decay: 1 }), /decay is 1/);
});
