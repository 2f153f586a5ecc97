import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { type BleuOptions, bleu } from '../../../src/metrics/bleu/bleu.ts';
import { formatBleu, formatFixed } from '../../../src/metrics/bleu/format-bleu.ts';
import { splitCompounds, tokenizeMoses } from '../../../src/metrics/bleu/moses.ts';
import fc from '../../support/fast-check.ts';
import { sharedTest } from '../../support/shared.ts';
import { publishedLines } from './texts.ts';

sharedTest('figures of published translations are those of multi-bleu.perl', ['data', 'bleu'], async () => {
  const corpora: Record<string, [files: [string, string], options?: Partial<BleuOptions>]> = {
    'multi-bleu.perl deen_reference < deen_output': [['deen_output', 'deen_reference']],
    'multi-bleu.perl -lc': [['deen_output', 'deen_reference'], { lowercase: true }],
    'multi-bleu.perl moses_input_as_reference.de < moses_input.de (no tokenisation)': [
      ['moses_input.de', 'moses_input_as_reference.de'],
    ],
  };
  const expected = (await publishedLines('multibleu_expected.txt')).join('\n').split(/:?\n/);
  assert.equal(expected.length, 2 * Object.keys(corpora).length);
  for (let i = 0; i < expected.length; i += 2) {
    const [[hypotheses, reference], options] = corpora[expected[i]];
    const result = bleu(await publishedLines(hypotheses), [await publishedLines(reference)], {
      method: 'multi-bleu',
      ...options,
    });
    assert.equal(withoutSignature(formatBleu(result)), expected[i + 1]);
  }
});

sharedTest("the paper's script: raw hypotheses against tokenised references", ['data', 'bleu'], async () => {
  const raw = await publishedLines('moses_input.de');
  const tokenized = await publishedLines('moses_expected.tok');
  for (const method of ['moses', 'moses-compound'] as const) {
    const { score, counts, totals } = bleu(raw, [tokenized], { method });
    assert.ok(Math.abs(score - 100) < 1e-9);
    assert.deepEqual(counts, totals);
  }
  const { hypothesisLength } = bleu(raw, [tokenized], { method: 'moses-compound' });
  const words = (await publishedLines('moses_expected.atat')).join(' ').split(' ');
  assert.equal(hypothesisLength, words.filter((word) => word !== '').length);
});

describe('lines of multi-bleu.perl', () => {
  const references = [
    'der Hund lief schnell nach Hause .',
    'die Katze saß auf der Matte .',
    'es regnet heute in Berlin .',
  ];
  const lines: readonly [hypotheses: string[], line: string][] = [
    [
      ['der Hund lief nach Hause .', 'eine Katze saß auf der Matte .', 'heute regnet es in Berlin .'],
      'BLEU = 54.03, 94.7/68.8/53.8/30.0 (BP=0.949, ratio=0.950, hyp_len=19, ref_len=20)',
    ],
    [
      ['x y z', 'foo bar', 'q'],
      'BLEU = 0.00, 0.0/0.0/0.0/0.0 (BP=0.097, ratio=0.300, hyp_len=6, ref_len=20)',
    ],
  ];
  for (const [hypotheses, line] of lines) {
    it(line, () => {
      const result = bleu(hypotheses, [references], { method: 'multi-bleu' });
      assert.equal(withoutSignature(formatBleu(result)), line);
      assert.match(formatBleu(result), /\|tok:multi-bleu\|/);
    });
  }
});

test('hypotheses go through the whole script, references through the splitting of compounds alone', () => {
  const reference = 'Das „ Wort “ der Bus-Fahrer &quot; ja &quot; .';
  const hypothesis = 'Das „Wort“ der Bus-Fahrer "ja".';
  const { counts, totals, referenceLength } = bleu([hypothesis], [[reference]], { method: 'moses-compound' });
  // The closing quote of the hypothesis becomes &quot;, of which the reference has two others.
  assert.deepEqual([totals[0], counts[0], referenceLength], [12, 11, 12]);
  assert.equal(tokenizeMoses('Bus-Fahrer'), 'Bus-Fahrer');
  assert.equal(splitCompounds('Bus-Fahrer').split(' ').length, 3);
});

test('lower case is that of bytes: ASCII letters', () => {
  const options = { method: 'moses', lowercase: true, smoothing: 'floor' } as const;
  assert.equal(bleu(['ABER Ja'], [['aber ja']], options).counts[0], 2);
  assert.equal(bleu(['ÄPFEL'], [['äpfel']], options).counts[0], 0);
});

test('words are separated by ASCII white space alone', () => {
  assert.equal(bleu(['a\u00a0b\u2003c'], [['a']], { method: 'multi-bleu' }).hypothesisLength, 1);
  assert.equal(bleu([' a\tb\vc\r'], [['a']], { method: 'multi-bleu' }).hypothesisLength, 3);
});

test('decimals are rounded like those of printf: halves to the even digit', () => {
  for (const [value, digits, text] of [
    [56.25, 1, '56.2'],
    [0.125, 2, '0.12'],
    [0.375, 2, '0.38'],
    [93.75, 1, '93.8'],
    [0.15, 1, '0.1'],
    [2.675, 2, '2.67'],
    [100, 1, '100.0'],
  ] as const) {
    assert.equal(formatFixed(value, digits), text);
  }
  fc.assert(
    fc.property(
      fc.nat({ max: 2 ** 24 }),
      fc.nat({ max: 9 }),
      fc.integer({ min: 1, max: 4 }),
      (n, power, digits) => {
        assert.equal(formatFixed(n / 2 ** power, digits), roundedExactly(BigInt(n), power, digits));
      },
    ),
  );
});

/** `n / 2^power` in whole numbers. */
function roundedExactly(n: bigint, power: number, digits: number): string {
  const scaled = n * 10n ** BigInt(digits);
  const unit = 1n << BigInt(power);
  const [quotient, twice] = [scaled / unit, 2n * (scaled % unit)];
  const up = twice > unit || (twice === unit && quotient % 2n === 1n);
  const text = String(quotient + (up ? 1n : 0n)).padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

function withoutSignature(line: string): string {
  return line.replace(/^BLEU\|\S+/, 'BLEU');
}
