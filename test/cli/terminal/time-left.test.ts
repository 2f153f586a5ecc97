import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeLeft } from '../../../src/cli/terminal/time-left.ts';
import fc from '../../support/fast-check.ts';

test('the rest takes as long as what was done since the first time', () => {
  let now = 5000;
  const left = timeLeft(() => now);
  // What an earlier run has done says nothing of the pace.
  assert.equal(left(40, 100), '');
  now += 1000;
  assert.equal(left(40, 100), '');
  assert.equal(left(50, 100), '5 s left');
  now += 59_000;
  assert.equal(left(60, 100), '2 min left');
  now += 3_540_000;
  assert.equal(left(70, 100), '1 h 0 min left');
  now += 3_600_000;
  assert.equal(left(71, 100), '1 h 53 min left');
  assert.equal(left(100, 100), '');
});

test('it is a time, whatever is told', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat())), (steps) => {
      let now = 0;
      const left = timeLeft(() => now);
      for (const [passed, done, total] of steps) {
        now += passed;
        assert.match(left(done, total), /^$|^\d+ s left$|^\d+ min left$|^\d+ h \d\d? min left$/);
      }
    }),
  );
});
