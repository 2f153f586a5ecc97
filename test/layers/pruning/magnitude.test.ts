import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DataError, UsageError } from '../../../src/base/errors.ts';
import { derivedKey, randomKey } from '../../../src/base/random.ts';
import { keptCount } from '../../../src/layers/pruning/kept-count.ts';
import { exactMask, histogramMask, sortMask } from '../../../src/layers/pruning/magnitude.ts';
import { type Floats, kthLargestMagnitude } from '../../../src/layers/pruning/rank.ts';
import fc from '../../support/fast-check.ts';
import { refused } from '../refused.ts';

const KEY = randomKey(7);
const TO_HUNDRED = Float32Array.from({ length: 100 }, (_, i) => i + 1);

const sparsity = fc.float({ min: 0, max: Math.fround(0.999), noNaN: true });
const count = fc.integer({ min: 1, max: 300 });
const seed = fc.integer({ min: 0, max: 2 ** 31 });
/** Weights of both signs; with few levels most are tied. */
const weights = fc
  .tuple(
    fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 80 }),
    fc.constantFrom(0, 1, 3),
  )
  .map(([values, levels]) =>
    levels === 0 ? values : values.map((value) => Math.sign(value) * (Math.round(Math.abs(value)) % levels)),
  );
const anyFloats = fc
  .tuple(weights, fc.boolean())
  .map(([values, wide]): Floats => (wide ? Float64Array.from(values) : Float32Array.from(values)));
/** Without numbers so small that scaling them would round them. */
const floats = anyFloats.map(
  (values) => values.map((value) => (Math.abs(value) < 1e-20 ? 0 : value)) as Floats,
);

describe('rank', () => {
  it('is that of a sorted list, for both widths, with ties and zeros of both signs', () => {
    fc.assert(
      fc.property(anyFloats, fc.nat(), (values, at) => {
        const sorted = [...values].map(Math.abs).sort((a, b) => b - a);
        const k = 1 + (at % sorted.length);
        assert.deepEqual(kthLargestMagnitude(values, k), {
          magnitude: sorted[k - 1],
          above: sorted.filter((value) => value > sorted[k - 1]).length,
          tied: sorted.filter((value) => value === sorted[k - 1]).length,
        });
      }),
    );
  });

  it('reads values within a larger buffer', () => {
    const { buffer } = Float32Array.of(9, 9, 1, -3, 2, 9);
    assert.equal(kthLargestMagnitude(new Float32Array(buffer, 8, 3), 1).magnitude, 3);
  });
});

describe('magnitude pruning', () => {
  it('has the thresholds and counts of the specification', () => {
    const table = [
      [
        sortMask,
        {},
        [
          [0.2, 21, 80],
          [0.5, 51, 50],
          [0.75, 76, 25],
          [0.9, 91, 10],
          [0.95, 96, 5],
        ],
      ],
      [
        histogramMask,
        { bins: 255 },
        [
          [0.2, 20, 80],
          [0.5, 49.80392, 51],
          [0.9, 89.80392, 11],
        ],
      ],
      [
        histogramMask,
        { bins: 256 },
        [
          [0.2, 19.92188, 81],
          [0.5, 50, 50],
          [0.9, 89.84375, 11],
        ],
      ],
    ] as const;
    for (const [algorithm, options, rows] of table) {
      for (const [sparsity, threshold, kept] of rows) {
        // The counts of sorting are those of rounding: 100 · (1 − 0.2) is 79.99999 in float32, for one.
        const result = algorithm(TO_HUNDRED, sparsity, { rounding: 'half-even', ...options });
        assert.equal(result.kept, kept, `${algorithm.name} at ${sparsity}`);
        assert.ok(Math.abs(result.threshold - threshold) <= 1e-5 * threshold);
        assert.equal(sum(result.mask), kept);
      }
    }
  });

  it('keeps the count, all of them at least as large as those pruned; ties make it more', () => {
    fc.assert(
      fc.property(
        floats,
        sparsity,
        fc.constantFrom('floor' as const, 'half-even' as const),
        (values, sparsity, rounding) => {
          const wanted = keptCount(values.length, sparsity, rounding);
          const { mask, kept, threshold } = sortMask(values, sparsity, { rounding });
          const [inside, outside] = split(values, mask);
          assert.equal(inside.length, kept);
          assert.equal(
            kept,
            wanted === 0 ? 0 : values.filter((value) => Math.abs(value) >= threshold).length,
          );
          assert.ok(kept >= wanted);
          assert.ok(Math.min(...inside) > Math.max(...outside, -1));
          assert.ok(inside.filter((value) => value > threshold).length < Math.max(wanted, 1));
          if (new Set(values.map(Math.abs)).size === values.length) assert.equal(kept, wanted);
        },
      ),
    );
  });

  it('does not depend on signs, on scale, or on order', () => {
    fc.assert(
      fc.property(
        floats,
        sparsity,
        fc.integer({ min: -20, max: 20 }),
        seed,
        (values, sparsity, exponent, seed) => {
          const { mask } = sortMask(values, sparsity);
          assert.deepEqual(sortMask(values.map((value) => -value) as Floats, sparsity).mask, mask);
          assert.deepEqual(
            sortMask(values.map((value) => value * 2 ** exponent) as Floats, sparsity).mask,
            mask,
          );
          const order = [...values.keys()].sort((a, b) => ((a + seed) % 7) - ((b + seed) % 7));
          const permuted = sortMask(values.map((_, i) => values[order[i]]) as Floats, sparsity);
          assert.deepEqual(
            permuted.mask,
            mask.map((_, i) => mask[order[i]]),
          );
        },
      ),
    );
  });

  it('at a higher sparsity keeps a part of what it keeps at a lower one, at 0 everything', () => {
    fc.assert(
      fc.property(floats, sparsity, sparsity, (values, a, b) => {
        const low = sortMask(values, Math.min(a, b)).mask;
        const high = sortMask(values, Math.max(a, b)).mask;
        assert.ok(high.every((keep, i) => keep <= low[i]));
        assert.ok(sortMask(values, 0).mask.every((keep) => keep === 1));
      }),
    );
  });

  it('with an exact count keeps just that many, the same larger ones, and a random choice of ties', () => {
    fc.assert(
      fc.property(floats, sparsity, (values, sparsity) => {
        const wanted = keptCount(values.length, sparsity);
        const { mask, kept, threshold } = exactMask(values, sparsity, KEY);
        const sorted = sortMask(values, sparsity);
        assert.deepEqual([kept, sum(mask)], [wanted, wanted]);
        assert.equal(threshold, sorted.threshold);
        assert.ok(mask.every((keep, i) => keep <= sorted.mask[i]));
        assert.ok(mask.every((keep, i) => keep === 1 || !(Math.abs(values[i]) > threshold)));
      }),
    );
    const equal = new Float32Array(40).fill(0.5);
    const choices = [0, 1, 2].map((purpose) => exactMask(equal, 0.5, derivedKey(KEY, purpose)).mask.join(''));
    assert.equal(new Set(choices).size, 3);
  });

  it('by histogram keeps what lies above its threshold, the largest always', () => {
    fc.assert(
      fc.property(floats, sparsity, fc.integer({ min: 1, max: 64 }), (values, sparsity, bins) => {
        const { mask, kept, threshold } = histogramMask(values, sparsity, { bins });
        const largest = Math.max(...[...values].map(Math.abs));
        assert.equal(sum(mask), kept);
        assert.ok(mask.every((keep, i) => keep === (Math.abs(values[i]) > threshold ? 1 : 0)));
        assert.equal(mask[values.findIndex((value) => Math.abs(value) === largest)], largest === 0 ? 0 : 1);
      }),
    );
  });

  it('moves its threshold by the decay only', () => {
    const moved = sortMask(TO_HUNDRED, 0.5, { decay: 0.75, previousThreshold: 11 });
    assert.deepEqual([moved.threshold, moved.kept], [21, 80]);
    assert.equal(histogramMask(TO_HUNDRED, 0.5, { decay: 0.5, previousThreshold: 20 }).threshold, 35);
  });

  it('keeps nothing where the count is 0, and has no trouble with nothing', () => {
    const few = Float32Array.of(1, 2, 3);
    assert.deepEqual(sortMask(few, 0.9), {
      mask: new Float32Array(3),
      kept: 0,
      threshold: Number.POSITIVE_INFINITY,
    });
    assert.deepEqual(exactMask(few, 0.9, KEY), sortMask(few, 0.9));
    assert.equal(sortMask(new Float32Array(0), 0.5).kept, 0);
    assert.equal(histogramMask(new Float32Array(3), 0.5).kept, 0);
  });

  it('refuses weights that have no rank and shares outside [0, 1)', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const prune of [sortMask, histogramMask, (w: Floats, s: number) => exactMask(w, s, KEY)]) {
        assert.throws(
          () => prune(Float32Array.of(1, bad), 0.5),
          (error: Error) => {
            return error instanceof DataError && /weights element 1 is/.test(error.message);
          },
        );
      }
    }
    for (const wrong of [1, -0.1, Number.NaN]) {
      assert.throws(() => sortMask(TO_HUNDRED, wrong), UsageError);
      assert.throws(() => histogramMask(TO_HUNDRED, wrong), UsageError);
      assert.throws(() => sortMask(TO_HUNDRED, 0.5, { decay: wrong }), UsageError);
    }
    assert.throws(() => histogramMask(TO_HUNDRED, 0.5, { bins: 0 }), UsageError);
    const decay = { decay: 0.5, previousThreshold: Number.NaN };
    refused(() => sortMask(TO_HUNDRED, 0.5, decay), /previousThreshold is NaN, expected a number/);
  });

  it('refuses weights in what is no array of floats', () => {
    for (const [values, kind] of [
      [[1, 2, 3], 'Array'],
      [Int32Array.of(1, 2, 3), 'Int32Array'],
      [{ shape: [1], data: Float64Array.of(1) }, 'Object'],
    ] as const) {
      const weights = values as unknown as Floats;
      for (const prune of [
        () => sortMask(weights, 0.5),
        () => exactMask(weights, 0.5, KEY),
        () => histogramMask(weights, 0.5),
      ]) {
        refused(prune, new RegExp(`weights are of type ${kind}, expected a Float32Array or Float64Array`));
      }
    }
  });
});

describe('kept count', () => {
  it('rounds in float32, down or to the nearest, even where two are near', () => {
    assert.equal(keptCount(2_048_000, 0.8), 409_599);
    assert.equal(keptCount(2_048_000, 0.8, 'half-even'), 409_600);
    assert.equal(keptCount(9408, 0.8), 1881);
    assert.deepEqual(
      [10, 30].map((size) => keptCount(size, 0.75, 'half-even')),
      [2, 8],
    );
    assert.equal(keptCount(2 ** 24 + 1, 0), 2 ** 24);
    assert.equal(keptCount(2 ** 24 + 3, 0), 2 ** 24 + 3);
  });

  it('is between 0 and the size, and falls with the sparsity', () => {
    fc.assert(
      fc.property(count, sparsity, sparsity, (size, a, b) => {
        for (const rounding of ['floor', 'half-even'] as const) {
          const [more, fewer] = [Math.min(a, b), Math.max(a, b)].map((s) => keptCount(size, s, rounding));
          assert.ok(0 <= fewer && fewer <= more && more <= size);
          assert.ok(Math.abs(more - size * (1 - Math.min(a, b))) <= 1 + 1e-4);
        }
      }),
    );
  });
});

function sum(mask: Float32Array): number {
  return mask.reduce((total, value) => total + value, 0);
}

/** Magnitudes that are kept, and those that are not. */
function split(values: Floats, mask: Float32Array): [kept: number[], pruned: number[]] {
  const magnitudes = [...values].map(Math.abs);
  return [magnitudes.filter((_, i) => mask[i] === 1), magnitudes.filter((_, i) => mask[i] === 0)];
}
