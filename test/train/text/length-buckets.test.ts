import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { bucketOf, lengthBuckets } from '../../../src/train/text/length-buckets.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';

describe('lengthBuckets', () => {
  it('are those of Tensor2Tensor', () => {
    // Bounds 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 24, 26, 28, 30 below 32, and 4096 tokens a batch.
    const buckets = lengthBuckets({ tokens: 4096, longest: 32 });
    assert.deepEqual(
      buckets.map(({ length }) => length),
      [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 23, 25, 27, 29, 32],
    );
    assert.deepEqual(
      buckets.map(({ sentences }) => sentences),
      [512, 455, 409, 372, 341, 315, 292, 273, 256, 240, 227, 215, 204, 186, 170, 157, 146, 136, 128],
    );
  });

  it('take every pair up to the longest into the shortest bucket that holds it', () =>
    holds(
      fc.asyncProperty(
        fc.record({
          tokens: fc.integer({ min: 1, max: 5000 }),
          longest: fc.integer({ min: 1, max: 300 }),
          shortest: fc.integer({ min: 1, max: 40 }),
          step: fc.double({ min: 1, max: 3, noNaN: true }),
        }),
        fc.tuple(fc.integer({ min: 1, max: 320 }), fc.integer({ min: 1, max: 320 })),
        async (options, lengths) => {
          const buckets = lengthBuckets(options);
          const [inputs, targets] = lengths.map((length) => new Array<number>(length).fill(2));
          const bucket = bucketOf(buckets, { inputs, targets });
          const longer = Math.max(...lengths);
          if (longer > options.longest) assert.equal(bucket, undefined);
          else assert.ok(bucket && longer <= bucket.length);
          assert.equal(bucket, buckets.filter(({ length }) => length >= longer)[0]);
          for (const { length, sentences } of buckets) {
            assert.ok(sentences === 1 || sentences * length <= options.tokens);
          }
          assert.ok(buckets.every(({ length }, i) => i === 0 || length > buckets[i - 1].length));
        },
      ),
      500,
    ));

  it('refuse what cannot be', () => {
    assert.throws(() => lengthBuckets({ tokens: 0, longest: 10 }), UsageError);
    assert.throws(() => lengthBuckets({ tokens: 10, longest: 1.5 }), UsageError);
    assert.throws(() => lengthBuckets({ tokens: 10, longest: 10, step: 0.9 }), UsageError);
  });
});
