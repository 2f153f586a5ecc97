import assert from 'node:assert/strict';
import { test } from 'node:test';
import { derivedKey, randomKey } from '../../../src/base/random.ts';
import { permutation } from '../../../src/train/data/permutation.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';

test('a permutation has every number once, and is that of its key', () =>
  holds(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 3000 }),
      fc.integer({ min: 0, max: 2 ** 40 }),
      async (count, seed) => {
        const order = permutation(count, randomKey(seed));
        assert.deepEqual(order, permutation(count, randomKey(seed)));
        assert.deepEqual(
          [...order].sort((a, b) => a - b),
          Array.from({ length: count }, (_, i) => i),
        );
      },
    ),
    50,
  ));

test('every number comes to every place as often', () => {
  const [size, times] = [5, 4000];
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (let i = 0; i < times; i++) {
    const order = permutation(size, derivedKey(randomKey(1), i));
    for (const [place, number] of order.entries()) counts[place][number]++;
  }
  // Five standard deviations.
  const allowed = 5 * Math.sqrt((times / size) * (1 - 1 / size));
  for (const count of counts.flat()) assert.ok(Math.abs(count - times / size) < allowed, `${count}`);
});
