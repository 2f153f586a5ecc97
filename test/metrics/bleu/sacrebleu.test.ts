import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { type BleuOptions, type BleuResult, bleu, compareBleu } from '../../../src/metrics/bleu/bleu.ts';
import { formatBleu } from '../../../src/metrics/bleu/format-bleu.ts';
import { splitWords, tokenize13a, tokenizeIntl } from '../../../src/metrics/bleu/sacrebleu-tokenizers.ts';
import { SIGNATURE_VERSION } from '../../../src/metrics/bleu/signature.ts';
import fc from '../../support/fast-check.ts';
import { readJson, testFile } from '../../support/files.ts';
import { sharedTest } from '../../support/shared.ts';
import { ANY_TEXT, publishedLines, TEDIOUS } from './texts.ts';

interface Golden extends BleuOptions, Omit<BleuResult, 'method' | 'confidence'> {
  readonly corpus: string;
  /** As sacreBLEU prints it. */
  readonly line: string;
  readonly mean?: number;
  readonly halfWidth?: number;
}

interface Resampled {
  readonly score: number;
  readonly mean: number;
  readonly halfWidth: number;
}

interface GoldenPair {
  readonly method: '13a' | 'intl';
  readonly references: number;
  readonly samples: number;
  readonly baseline: Resampled;
  readonly system: Resampled;
  readonly pValue: number;
  readonly signature: string;
}

interface Goldens {
  readonly source: string;
  readonly corpora: Record<string, { hypotheses: string[]; references: string[][] }>;
  /** Of another system, for the hypotheses of the corpora german and german2. */
  readonly other: string[];
  readonly scores: Golden[];
  readonly pairs: GoldenPair[];
  readonly tokens: { line: string; '13a': string[]; intl: string[]; none: string[] }[];
}

const GOLDENS = await readJson<Goldens>(testFile('test', 'metrics', 'bleu', 'sacrebleu-goldens.json'));

describe(`tokens of ${GOLDENS.source}`, () => {
  for (const { line, ...expected } of GOLDENS.tokens) {
    it(JSON.stringify(line), () => {
      assert.deepEqual(tokenize13a(line), expected['13a']);
      assert.deepEqual(tokenizeIntl(line), expected.intl);
      assert.deepEqual(splitWords(line), expected.none);
    });
  }
});

describe(`scores of ${GOLDENS.source}`, () => {
  for (const golden of GOLDENS.scores) {
    const { method, lowercase, smoothing, smoothingValue, bootstrap } = golden;
    it(`${golden.corpus}: ${golden.signature}`, () => {
      const { hypotheses, references } = GOLDENS.corpora[golden.corpus];
      const result = bleu(hypotheses, references, {
        method,
        lowercase,
        smoothing,
        smoothingValue,
        bootstrap,
      });
      assertEqualScore(result, golden);
      assert.equal(result.signature, ours(golden.signature));
      assert.equal(formatBleu(result), ours(golden.line));
      if (bootstrap !== undefined) assertResampled(result, golden as Resampled);
    });
  }
});

describe(`paired bootstrap tests of ${GOLDENS.source}`, () => {
  for (const { method, references: count, samples, baseline, system, pValue, signature } of GOLDENS.pairs) {
    it(signature, () => {
      const { hypotheses, references } = GOLDENS.corpora[count === 1 ? 'german' : 'german2'];
      const compared = compareBleu(hypotheses, GOLDENS.other, references, { method, bootstrap: samples });
      assertResampled(compared.baseline, baseline);
      assertResampled(compared.system, system);
      assert.equal(compared.pValue, pValue);
      assert.equal(compared.system.signature, ours(signature));
    });
  }
});

interface Published {
  readonly score: number;
  readonly counts: number[];
  readonly totals: number[];
  readonly precisions?: number[];
  readonly bp: number;
  readonly sys_len: number;
  readonly ref_len: number;
  readonly signature?: string;
}

sharedTest('scores of published translations are those of sacreBLEU', ['data', 'bleu'], async () => {
  const published: Record<string, Published> = JSON.parse(
    (await publishedLines('sacrebleu_expected.json')).join('\n'),
  );
  const corpora = {
    deen: [await publishedLines('deen_output'), await publishedLines('deen_reference')],
    moses_input: [
      await publishedLines('moses_input.de'),
      await publishedLines('moses_input_as_reference.de'),
    ],
  };
  for (const [name, expected] of Object.entries(published)) {
    const [, corpus, method, lc] = /^(deen|moses_input)_(13a|intl|none)(_lc)?$/.exec(name)!;
    const [hypotheses, reference] = corpora[corpus as keyof typeof corpora];
    const options = { method: method as '13a', lowercase: lc !== undefined };
    const result = bleu(hypotheses, [reference], options);
    const { counts, totals, score, bp: brevityPenalty, sys_len: hypothesisLength, ref_len } = expected;
    const precisions = expected.precisions ?? counts.map((count, i) => (100 * count) / totals[i]);
    assertEqualScore(result, {
      ...{ score, precisions, brevityPenalty, counts, totals },
      ...{ hypothesisLength, referenceLength: ref_len },
    });
    if (expected.signature !== undefined) assert.equal(result.signature, ours(expected.signature));
  }
});

sharedTest('confidence of published translations is that of sacreBLEU 2.6.0', ['data', 'bleu'], async () => {
  const [hypotheses, reference] = [
    await publishedLines('deen_output'),
    await publishedLines('deen_reference'),
  ];
  // A worse system: two words less in every third sentence.
  const cut = hypotheses.map((line, i) => (i % 3 === 0 ? line.split(' ').slice(0, -2).join(' ') : line));
  const { baseline, system, pValue } = compareBleu(hypotheses, cut, [reference], { method: '13a' });
  assertResampled(baseline, {
    score: 22.426748946784404,
    mean: 22.426242927975036,
    halfWidth: 0.6141254087660233,
  });
  assertResampled(system, {
    score: 21.53900151937218,
    mean: 21.53853161799855,
    halfWidth: 0.5935819065777785,
  });
  assert.equal(pValue, 1 / 1001);
});

test('signatures have the version of the package', async () => {
  const { version } = await readJson<{ version: string }>(testFile('package.json'));
  assert.equal(SIGNATURE_VERSION, `tsos-${version}`);
});

test('any text has tokens, which have no white space in them', () => {
  fc.assert(
    fc.property(ANY_TEXT, (line) => {
      for (const tokens of [tokenize13a(line), tokenizeIntl(line), splitWords(line)]) {
        assert.ok(tokens.every((token) => token !== '' && !token.includes(' ')));
      }
    }),
    { numRuns: 1000 },
  );
});

for (const tokenize of [tokenize13a, tokenizeIntl, splitWords]) {
  test(`${tokenize.name} takes time linear in the length of a line`, () => {
    for (const unit of TEDIOUS) {
      const start = performance.now();
      tokenize(unit.repeat(100_000));
      const elapsed = performance.now() - start;
      assert.ok(elapsed < 3000, `${JSON.stringify(unit)}: ${elapsed} ms`);
    }
  });
}

function ours(signature: string): string {
  return signature.replace(/version:[^ |]+/, `version:${SIGNATURE_VERSION}`);
}

type Sums = Omit<BleuResult, 'method' | 'signature' | 'confidence'>;

/** Sums equal, and the rest to the last digits: libraries differ in the last bit of a logarithm. */
function assertEqualScore(actual: Sums, expected: Sums): void {
  for (const field of ['counts', 'totals', 'hypothesisLength', 'referenceLength'] as const) {
    assert.deepEqual(actual[field], expected[field], field);
  }
  assertNear(actual.score, expected.score, 1e-13);
  assertNear(actual.brevityPenalty, expected.brevityPenalty, 1e-13);
  for (const [i, precision] of actual.precisions.entries()) {
    assertNear(precision, expected.precisions[i], 1e-13);
  }
}

/** sacreBLEU computes the scores of samples in float32, rounding precisions to a part in 2^24. */
function assertResampled({ score, confidence }: BleuResult, expected: Resampled): void {
  assertNear(score, expected.score, 1e-13);
  assertNear(confidence!.mean, expected.mean, 2 ** -23);
  assertNear(confidence!.halfWidth, expected.halfWidth, 1e-6);
}

function assertNear(actual: number, expected: number, relative: number): void {
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${actual}, not ${expected}`);
}
