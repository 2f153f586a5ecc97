import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import { PUBLISHED_CHECKPOINTS } from '../../src/results/catalogue.ts';
import { namedCheckpoints } from '../../src/results/named-checkpoints.ts';
import fc from '../support/fast-check.ts';
import { holds } from '../support/property.ts';

test('names mean themselves, in the order in which they are asked for, each once', async () => {
  const wanted = fc.array(fc.constantFrom(...PUBLISHED_CHECKPOINTS), { minLength: 1, maxLength: 8 });
  await holds(
    fc.asyncProperty(wanted, async (checkpoints) => {
      const names = checkpoints.map(({ name }, i) => (i % 2 === 0 ? name : `${name}.tar`));
      assert.deepEqual(namedCheckpoints(PUBLISHED_CHECKPOINTS, names), [...new Set(checkpoints)]);
    }),
    100,
  );
});

test('patterns mean what shells would make of them', () => {
  const count = (...wanted: string[]) => namedCheckpoints(PUBLISHED_CHECKPOINTS, wanted).length;
  assert.equal(count('*'), 49);
  assert.equal(count('magnitude_pruning_*'), 7);
  assert.equal(count('*_0.9_*', 'extended_*'), 11);
  assert.equal(count('l0_regularization_0.?_*'), 5);
  assert.equal(count('extended_threshold_0.8_12500_40000_2000_0.?.tar'), 1);
});

test('what nothing is called is told, with the nearest', () => {
  const cases: [string, RegExp][] = [
    [
      'magnitude_pruning_0.9_0_400000_10000_0.0_0.2',
      /did you mean magnitude_pruning_0\.9_0_400000_10000_0\.0_0\.1\?/,
    ],
    ['x', /"x"; "tsos list" has their names/],
    ['*_0.4_*', /no published checkpoint is called like "\*_0\.4_\*"/],
    // A point is a point.
    ['*_0x9_*', /is called like/],
  ];
  for (const [wanted, says] of cases) {
    assert.throws(
      () => namedCheckpoints(PUBLISHED_CHECKPOINTS, [wanted]),
      (error: Error) => error instanceof UsageError && says.test(error.message),
      wanted,
    );
  }
});
