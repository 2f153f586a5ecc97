import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addTotals,
  argMax,
  type ClassificationTotals,
  CROSS_ENTROPY_UNITS,
  crossEntropy,
  inTopK,
  meanCrossEntropy,
  mostProbable,
  NO_PICTURES,
  scoreLogits,
} from '../../src/metrics/classification.ts';
import fc from '../support/fast-check.ts';

/** Few different values, so that ties are common, or any finite ones. */
const logits = fc
  .oneof(
    fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 12 }),
    fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 12 }),
  )
  .map((values) => Float32Array.from(values));
/** Also such that there is no such class. */
const label = fc.integer({ min: -2, max: 14 });
const smoothing = fc.constantFrom(0, 0.1, 0.5, 1);

test('of equal logits the first is the prediction', () => {
  assert.equal(argMax(Float32Array.of(1, 3, 3, 2)), 1);
  assert.equal(argMax(Float32Array.of(0, 0)), 0);
  assert.equal(argMax(Float32Array.of(-5)), 0);
  fc.assert(
    fc.property(logits, (values) => {
      const sorted = [...values.keys()].sort((a, b) => values[b] - values[a] || a - b);
      assert.equal(argMax(values), sorted[0]);
    }),
  );
});

test('ties at the border of the top 5 count as inside, a label without a class never', () => {
  const tied = Float32Array.of(9, 9, 9, 9, 1, 1, 1, 0);
  assert.deepEqual(
    [...tied.keys(), 8, -1].map((each) => inTopK(tied, each, 5)),
    [true, true, true, true, true, true, true, false, false, false],
  );
  assert.equal(inTopK(Float32Array.of(1, 2, 3), 0, 5), true);
});

test('in the top k is what has a value among the k first of the sorted logits', () => {
  fc.assert(
    fc.property(logits, label, fc.integer({ min: 1, max: 6 }), (values, own, k) => {
      const first = new Set([...values].sort((a, b) => b - a).slice(0, k));
      assert.equal(inTopK(values, own, k), own in values && first.has(values[own]));
    }),
  );
});

test('cross-entropy of logits 1, 2, 3 and label 2, smoothed by 0.1', () => {
  // What TensorFlow gives, in float32.
  assert.equal(Math.fround(crossEntropy(Float32Array.of(1, 2, 3), 2, 0.1)), Math.fround(0.50760597));
});

test('cross-entropy is that of the smoothed target with softmax, for huge logits too', () => {
  fc.assert(
    fc.property(logits, label, smoothing, (values, own, epsilon) => {
      const expected = directCrossEntropy([...values], own, epsilon);
      const found = crossEntropy(values, own, epsilon);
      // Differences of logits of either sign are rounded to float64.
      const size = Math.max(1, ...values.map(Math.abs));
      assert.ok(Math.abs(found - expected) <= 1e-14 * values.length * size, `${found}, not ${expected}`);
      assert.ok(found >= 0);
    }),
  );
});

/** `−Σ target · ln softmax`, with `−ln softmax_j = ln Σ exp(logit − logit_j)` for every class on its own. */
function directCrossEntropy(values: readonly number[], own: number, epsilon: number): number {
  return values.reduce((sum, value, index) => {
    const target = (index === own ? 1 - epsilon : 0) + epsilon / values.length;
    const differences = values.map((other) => other - value);
    const shift = Math.max(...differences);
    const total = differences.reduce((all, difference) => all + Math.exp(difference - shift), 0);
    return sum + target * (shift + Math.log(total));
  }, 0);
}

test('totals are the same in whatever order and groups they are added', () => {
  const pictures = fc.array(
    fc.tuple(logits, label).map(([values, own]) => scoreLogits(values, own, 0.1)),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(pictures, fc.array(fc.nat(), { minLength: 20, maxLength: 20 }), (scores, choices) => {
      const expected = scores.reduce(addTotals, NO_PICTURES);
      // Any two of what is left are added until one is left.
      const left: ClassificationTotals[] = [...scores];
      for (const choice of choices) {
        if (left.length === 1) break;
        const [one] = left.splice(choice % left.length, 1);
        const [other] = left.splice((choice >> 8) % left.length, 1);
        left.push(addTotals(one, other));
      }
      assert.deepEqual(left.reduce(addTotals), expected);
    }),
  );
});

test('the mean is that of the cross-entropies, to the steps they are rounded to', () => {
  const moderate = fc
    .array(fc.float({ min: -60, max: 60, noNaN: true }), { minLength: 1, maxLength: 12 })
    .map((values) => Float32Array.from(values));
  const pictures = fc.array(fc.tuple(moderate, label), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(pictures, (all) => {
      const totals = all.map(([values, own]) => scoreLogits(values, own, 0.1)).reduce(addTotals, NO_PICTURES);
      assert.equal(totals.pictures, all.length);
      const sum = all.reduce((total, [values, own]) => total + crossEntropy(values, own, 0.1), 0);
      const error = Math.abs(meanCrossEntropy(totals) - sum / all.length);
      assert.ok(error <= 0.5 / CROSS_ENTROPY_UNITS + 1e-13, `${error}`);
    }),
  );
});

test('the most probable classes come best first, equal ones by number, with what softmax gives them', () => {
  assert.deepEqual(
    mostProbable(Float32Array.of(0, Math.log(2), 0, Math.log(4)), 3).map((each) => [
      each.class,
      Number(each.probability.toFixed(6)),
    ]),
    [
      [3, 0.5],
      [1, 0.25],
      [0, 0.125],
    ],
  );
  fc.assert(
    fc.property(logits, fc.integer({ min: 1, max: 15 }), (values, k) => {
      const best = mostProbable(values, k);
      assert.equal(best.length, Math.min(k, values.length));
      const all = mostProbable(values, values.length);
      assert.deepEqual(best, all.slice(0, k));
      for (let i = 1; i < all.length; i++) {
        const [one, next] = [values[all[i - 1].class], values[all[i].class]];
        assert.ok(one > next || (one === next && all[i - 1].class < all[i].class));
      }
      const total = all.reduce((sum, { probability }) => sum + probability, 0);
      assert.ok(Math.abs(total - 1) < 1e-12, `${total}`);
      assert.equal(all[0].class, argMax(values));
    }),
  );
});
