import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { bleu, compareBleu } from '../../../src/metrics/bleu/bleu.ts';
import { confidenceOf, pairedPValue } from '../../../src/metrics/bleu/bootstrap.ts';
import { uniformIntegers } from '../../../src/metrics/bleu/numpy-random.ts';
import fc from '../../support/fast-check.ts';
import { readJson, testFile } from '../../support/files.ts';
import { SENTENCE } from './texts.ts';

interface Goldens {
  readonly source: string;
  /** The first values of `numpy.random.default_rng(seed).choice(below)`. */
  readonly draws: { seed: number; below: number; values: number[] }[];
}

const { source, draws } = await readJson<Goldens>(
  testFile('test', 'metrics', 'bleu', 'sacrebleu-goldens.json'),
);

describe(`draws are those of ${source}`, () => {
  for (const { seed, below, values } of draws) {
    it(`seed ${seed}, below ${below}`, () => {
      const draw = uniformIntegers(seed, below);
      assert.deepEqual(values.map(draw), values);
    });
  }
});

test('draws are spread evenly', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 2, max: 20 }), (seed, below) => {
      const draw = uniformIntegers(seed, below);
      const times = new Array<number>(below).fill(0);
      const expected = 500;
      for (let i = 0; i < below * expected; i++) times[draw()]++;
      const chiSquare = times.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // Six standard deviations above the mean of below - 1 degrees of freedom, and room for the tail of the least ones.
      assert.ok(chiSquare < below - 1 + 6 * Math.sqrt(2 * (below - 1)) + 15, `${chiSquare}`);
    }),
    { numRuns: 20 },
  );
});

test('the interval leaves out a fortieth of the scores at either end', () => {
  const scores = Float64Array.from({ length: 80 }, (_, i) => (7 * i) % 80);
  const { mean, halfWidth } = confidenceOf(scores, { samples: 80, seed: 0 });
  assert.deepEqual([mean, halfWidth], [39.5, (77 - 2) / 2]);
});

test('the p-value counts differences that exceed their mean by more than the observed one', () => {
  const baseline = Float64Array.of(10, 10, 10, 10);
  const system = Float64Array.of(10, 11, 9, 18);
  // Differences 0, 1, 1, 8 with mean 2.5: one exceeds it by more than 5, none by more than 5.5.
  assert.equal(pairedPValue(baseline, system, 5), 2 / 5);
  assert.equal(pairedPValue(baseline, system, 5.5), 1 / 5);
});

test('a bootstrap does not change the score, and the same seed gives the same interval', () => {
  const corpus = fc.array(fc.tuple(SENTENCE, SENTENCE), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(corpus, fc.nat(), (pairs, seed) => {
      const hypotheses = [...pairs.map(([line]) => line), 'ja'];
      const references = [[...pairs.map(([, line]) => line), 'ja']];
      const plain = bleu(hypotheses, references, { method: '13a' });
      const options = { method: '13a', bootstrap: 40, seed } as const;
      const { confidence, signature, ...same } = bleu(hypotheses, references, options);
      assert.deepEqual({ ...same, signature: plain.signature }, plain);
      assert.deepEqual(bleu(hypotheses, references, options).confidence, confidence);
      assert.equal(signature, plain.signature.replace('|', `|bs:40|seed:${seed}|`));
    }),
    { numRuns: 50 },
  );
});

test('two systems are compared on the same samples', () => {
  const references = [['der Hund schläft heute nicht', 'die Katze schläft auf der Matte', 'ja']];
  const hypotheses = ['der Hund schläft heute', 'die Katze schläft auf Matte', 'ja'];
  const options = { method: 'intl', bootstrap: 100 } as const;
  const { baseline, system, pValue } = compareBleu(hypotheses, hypotheses, references, options);
  assert.deepEqual(baseline, system);
  assert.deepEqual(baseline, bleu(hypotheses, references, options));
  assert.equal(pValue, 1 / 101);
});
