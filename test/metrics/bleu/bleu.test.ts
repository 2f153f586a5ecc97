import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { type BleuOptions, bleu } from '../../../src/metrics/bleu/bleu.ts';
import { BLEU_METHODS } from '../../../src/metrics/bleu/methods.ts';
import { ngramStatistics } from '../../../src/metrics/bleu/ngram-statistics.ts';
import { brevityPenalty } from '../../../src/metrics/bleu/score.ts';
import fc from '../../support/fast-check.ts';
import { ANY_TEXT, SENTENCE } from './texts.ts';

/** Some sentences, as many translations and as many lines of each of one to three references. */
const CORPUS = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }))
  .chain(([sentences, references]) => {
    const lines = fc.array(SENTENCE, { minLength: sentences, maxLength: sentences });
    return fc.record({
      hypotheses: lines,
      references: fc.array(lines, { minLength: references, maxLength: references }),
    });
  })
  .map(({ hypotheses, references }) => ({
    // The references nearest in length must have words.
    hypotheses: [...hypotheses, 'Die Katze'],
    references: references.map((lines) => [...lines, 'Katze']),
  }));

const METHOD = fc.constantFrom(...BLEU_METHODS);

const SMOOTHING = fc.constantFrom('exp', 'floor', 'add-k', 'none');

test('n-grams are counted as counting them one by one counts', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 10 });
  fc.assert(
    fc.property(words, fc.array(words, { minLength: 1, maxLength: 3 }), (hypothesis, references) => {
      const { counts, totals, hypothesisLength, referenceLength } = ngramStatistics(hypothesis, references);
      for (let n = 1; n <= 4; n++) {
        const mine = ngrams(hypothesis, n);
        const clipped = [...new Set(mine)].map((ngram) =>
          Math.min(
            occurrences(ngram, mine),
            Math.max(...references.map((ref) => occurrences(ngram, ngrams(ref, n)))),
          ),
        );
        assert.equal(totals[n - 1], mine.length);
        assert.equal(
          counts[n - 1],
          clipped.reduce((sum, count) => sum + count, 0),
        );
      }
      const distance = (length: number) => Math.abs(length - hypothesis.length);
      const lengths = references
        .map(({ length }) => length)
        .sort((a, b) => distance(a) - distance(b) || a - b);
      assert.deepEqual([hypothesisLength, referenceLength], [hypothesis.length, lengths[0]]);
    }),
    { numRuns: 500 },
  );
});

test('a text measured against itself has BLEU 100', () => {
  fc.assert(
    fc.property(CORPUS, METHOD, SMOOTHING, fc.boolean(), ({ hypotheses }, method, smoothing, lowercase) => {
      // Four words and no smoothing out of the way: every order has n-grams.
      const lines = [...hypotheses, 'ein Satz mit fünf Wörtern'];
      const { score, brevityPenalty } = bleu(lines, [lines], { method, smoothing, lowercase });
      assert.ok(Math.abs(score - 100) < 1e-9, `${score}`);
      assert.equal(brevityPenalty, 1);
    }),
  );
});

test('the order of sentences and of references does not matter', () => {
  const shuffled = CORPUS.chain((corpus) => {
    const { hypotheses, references } = corpus;
    const order = (length: number) =>
      fc.shuffledSubarray([...Array(length).keys()], { minLength: length, maxLength: length });
    return fc.tuple(fc.constant(corpus), order(hypotheses.length), order(references.length));
  });
  fc.assert(
    fc.property(
      shuffled,
      METHOD,
      SMOOTHING,
      ([{ hypotheses, references }, order, lists], method, smoothing) => {
        const options = { method, smoothing };
        const moved = bleu(
          order.map((i) => hypotheses[i]),
          lists.map((list) => order.map((i) => references[list][i])),
          options,
        );
        assert.deepEqual(moved, bleu(hypotheses, references, options));
      },
    ),
  );
});

test('scores lie between 0 and 100, and another reference never takes matches away', () => {
  fc.assert(
    fc.property(CORPUS, METHOD, SMOOTHING, ({ hypotheses, references }, method, smoothing) => {
      const options = { method, smoothing };
      const all = bleu(hypotheses, references, options);
      const { counts } = bleu(hypotheses, references.slice(0, 1), options);
      assert.ok(all.score >= 0 && all.score < 100 + 1e-9);
      assert.ok(counts.every((count, i) => count <= all.counts[i] && all.counts[i] <= all.totals[i]));
    }),
  );
});

test('the brevity penalty grows with the hypotheses, up to 1 at the length of the references', () => {
  const length = fc.nat({ max: 1e6 });
  fc.assert(
    fc.property(length, length, fc.integer({ min: 1, max: 1e6 }), (one, other, reference) => {
      const [shorter, longer] = [Math.min(one, other), Math.max(one, other)];
      assert.ok(brevityPenalty(shorter, reference) <= brevityPenalty(longer, reference));
      assert.equal(brevityPenalty(longer, reference) === 1, longer >= reference);
    }),
  );
  assert.equal(brevityPenalty(0, 5), 0);
});

test('any text can be measured', () => {
  fc.assert(
    fc.property(ANY_TEXT, ANY_TEXT, METHOD, fc.boolean(), (hypothesis, reference, method, lowercase) => {
      const { score } = bleu([hypothesis, 'x'], [[reference, 'x']], { method, lowercase });
      assert.ok(score >= 0 && score < 100 + 1e-9);
    }),
    { numRuns: 500 },
  );
});

test('empty hypotheses count as no words', () => {
  const { score, hypothesisLength, brevityPenalty } = bleu(['', ''], [['ja', '']], { method: '13a' });
  assert.deepEqual([score, hypothesisLength, brevityPenalty], [0, 0, 0]);
});

test('a long line takes time linear in its length', () => {
  const line = Array.from({ length: 200_000 }, (_, i) => `w${i % 1000}.`).join(' ');
  const start = performance.now();
  bleu([line], [[line]], { method: 'moses-compound' });
  assert.ok(performance.now() - start < 10_000);
});

describe('what cannot be measured is told', () => {
  const cases: readonly [string[], string[][], Partial<BleuOptions>, RegExp][] = [
    [[], [[]], {}, /no hypotheses/],
    [['a'], [], {}, /no references/],
    [['a', 'b'], [['a', 'b'], ['a']], {}, /2 hypotheses, but reference 2 has 1 lines/],
    [['a'], [[' ']], {}, /references nearest in length have no words/],
    [['a'], [['a']], { method: 'ter' as 'none' }, /no BLEU method "ter"; it can be moses-compound, moses/],
    [['a'], [['a']], { smoothing: 'sharp' as 'exp' }, /no smoothing "sharp"; it can be exp, floor/],
    [['a'], [['a']], { smoothing: 'exp', smoothingValue: 1 }, /smoothing exp takes no value/],
    [['a'], [['a']], { smoothing: 'floor', smoothingValue: 0 }, /smoothing is 0; it must be a positive/],
    [['a'], [['a']], { bootstrap: 0 }, /bootstrap samples is 0; it must be a whole number from 1/],
    [['a'], [['a']], { bootstrap: 10, seed: -1 }, /seed is -1; it must be a whole number from 0/],
  ];
  for (const [hypotheses, references, options, says] of cases) {
    it(says.source, () => {
      assert.throws(
        () => bleu(hypotheses, references, { method: '13a', ...options }),
        (error: Error) => error instanceof UsageError && says.test(error.message),
      );
    });
  }
});

function ngrams(words: readonly string[], n: number): string[] {
  return words.slice(n - 1).map((_, i) => words.slice(i, i + n).join(' '));
}

function occurrences(ngram: string, all: readonly string[]): number {
  return all.filter((other) => other === ngram).length;
}
