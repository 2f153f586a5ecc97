import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { derivedKey, randomKey } from '../../../src/base/random.ts';
import { keptCount } from '../../../src/layers/pruning/kept-count.ts';
import { randomCumulativeMask, randomMask } from '../../../src/layers/pruning/random-mask.ts';
import fc from '../../support/fast-check.ts';
import { refused } from '../refused.ts';

const sparsity = fc.float({ min: 0, max: Math.fround(0.999), noNaN: true });
const size = fc.integer({ min: 1, max: 500 });
const seed = fc.integer({ min: 0, max: 2 ** 40 });

describe('random pruning', () => {
  it('anew keeps exactly the count, and of one key nested choices', () => {
    fc.assert(
      fc.property(size, sparsity, sparsity, seed, (size, a, b, seed) => {
        const key = randomKey(seed);
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((s) => randomMask(size, s, key));
        assert.deepEqual([low.kept, ones(low.mask)], Array(2).fill(keptCount(size, Math.min(a, b))));
        assert.ok(high.mask.every((keep, i) => keep <= low.mask[i]));
        assert.ok(low.mask.every((keep) => keep === 0 || keep === 1));
        assert.deepEqual(randomMask(size, a, key), randomMask(size, a, key));
      }),
    );
  });

  it('step by step never brings a weight back, whatever the keys, and keeps exactly the count', () => {
    fc.assert(
      fc.property(
        size,
        fc.array(sparsity, { minLength: 1, maxLength: 6 }),
        seed,
        (size, sparsities, seed) => {
          let mask = new Float32Array(size).fill(1);
          let left = size;
          sparsities.forEach((sparsity, step) => {
            const next = randomCumulativeMask(mask, sparsity, derivedKey(randomKey(seed), step));
            left = Math.min(left, keptCount(size, sparsity));
            assert.deepEqual([next.kept, ones(next.mask)], [left, left]);
            assert.ok(next.mask.every((keep, i) => keep <= mask[i]));
            mask = next.mask as Float32Array<ArrayBuffer>;
          });
        },
      ),
    );
  });

  it('refuses a size and a mask that are none, and names them', () => {
    refused(() => randomMask(-5, 0.5, randomKey(0)), /size is -5, expected a whole number/);
    const size = 5 as unknown as Float32Array;
    refused(
      () => randomCumulativeMask(size, 0.5, randomKey(0)),
      /the mask before is 5, expected a Float32Array/,
    );
  });

  it('differs from key to key', () => {
    const masks = Array.from({ length: 20 }, (_, i) => randomMask(100, 0.5, randomKey(i)).mask.join(''));
    assert.equal(new Set(masks).size, 20);
  });

  it('keeps every weight equally often, near and far', () => {
    // 400 draws: each count is binomial, so that 6 deviations are left by one in 5·10⁸ (and the draws are fixed).
    const [draws, size, keep] = [400, 64, 0.25];
    const counts = new Float64Array(size);
    for (let i = 0; i < draws; i++)
      for (const [at, kept] of randomMask(size, 1 - keep, randomKey(i)).mask.entries()) counts[at] += kept;
    const deviation = Math.sqrt(draws * keep * (1 - keep));
    for (const count of counts) assert.ok(Math.abs(count - draws * keep) <= 6 * deviation, `${[...counts]}`);
    // Beyond one stream of random numbers too.
    const { mask } = randomMask(200_000, 0.5, randomKey(1));
    const last = ones(mask.subarray(150_000));
    assert.ok(Math.abs(last - 25_000) <= 6 * Math.sqrt(50_000 / 4));
  });
});

function ones(mask: Float32Array): number {
  return mask.reduce((total, value) => total + value, 0);
}
