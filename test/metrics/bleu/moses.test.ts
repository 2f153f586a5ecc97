import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import {
  findUntokenized,
  replaceUnicodePunctuation,
  splitCompounds,
  tokenizeMoses,
} from '../../../src/metrics/bleu/moses.ts';
import fc from '../../support/fast-check.ts';
import { sharedTest } from '../../support/shared.ts';
import { ANY_TEXT, HARD_LINE, publishedLines, TEDIOUS } from './texts.ts';

const BLEU = ['data', 'bleu'];

sharedTest('every step gives what the Moses scripts give, byte for byte', BLEU, async () => {
  const replaced = (await publishedLines('moses_input.de')).map(replaceUnicodePunctuation);
  assert.deepEqual(replaced, await publishedLines('moses_expected.n'));
  const tokenized = replaced.map(tokenizeMoses);
  assert.deepEqual(tokenized, await publishedLines('moses_expected.tok'));
  assert.deepEqual(tokenized.map(splitCompounds), await publishedLines('moses_expected.atat'));
});

describe('lines that the Moses scripts were run on', () => {
  const lines: readonly [raw: string, final: string][] = [
    [
      '„Zwar können wir unsere Überwachungsprogramme ändern“, so Murphy.',
      '„ Zwar können wir unsere Überwachungsprogramme ändern &quot; , so Murphy .',
    ],
    [
      'Der US-Präsident sagte: "Das ist z.B. nicht so einfach..."',
      'Der US ##AT##-##AT## Präsident sagte : &quot; Das ist z.B. nicht so einfach ... &quot;',
    ],
    [
      'Am 15. Juni kostete es 50.000 Baht, d.h. 1,5 Mio. Euro (ca. 20%).',
      'Am 15. Juni kostete es 50.000 Baht , d.h. 1,5 Mio. Euro ( ca. 20 % ) .',
    ],
    [
      'a-b-c und a-ä-b sowie rich-text-format -- foo- -bar',
      'a ##AT##-##AT## b-c und a ##AT##-##AT## ä ##AT##-##AT## b sowie rich ##AT##-##AT## text ##AT##-##AT## format -- foo- -bar',
    ],
    [
      "Er wohnt in der Nr. 5. Das geht's nicht & [x] | <y>.",
      'Er wohnt in der Nr. 5. Das geht &apos; s nicht &amp; &#91; x &#93; &#124; &lt; y &gt; .',
    ],
    ['Was?! Nein,Ja,10,20,A 3,a ,', 'Was ? ! Nein , Ja , 10,20 , A 3 , a ,'],
    ['‚Test‘ ’s — „so“ … und 5 % x/y', '‚ Test ‘ &apos; s — „ so &quot; ... und 5 % x / y'],
    [
      'Die Zahl 3.14. ende usw. und so weiter. Ende v. Chr.',
      'Die Zahl 3.14. ende usw. und so weiter . Ende v. Chr .',
    ],
    ['１２．  ３，５ ｘ。 ～％', '12. 3,5 ｘ . ~ %'],
    [' \u00a0', ' \u00a0'],
    ['', ''],
  ];
  for (const [raw, final] of lines) {
    it(raw, () => assert.equal(splitCompounds(tokenizeMoses(replaceUnicodePunctuation(raw))), final));
  }
});

test('what is tokenised stays as it is, but for the entities', () => {
  fc.assert(
    fc.property(HARD_LINE, (line) => {
      // The expression for commas looks at every other one of a run: ",,12" becomes ", ,12", and that ", , 12"; control characters are no more.
      fc.pre(!/,[^ -\u{10ffff}]*,/u.test(line));
      const once = tokenizeMoses(line);
      assert.equal(tokenizeMoses(unescaped(once)), once);
    }),
    { numRuns: 1000 },
  );
});

test('replacing punctuation a second time changes nothing', () => {
  fc.assert(
    fc.property(HARD_LINE, (line) => {
      const once = replaceUnicodePunctuation(line);
      assert.equal(replaceUnicodePunctuation(once), once);
    }),
  );
});

test('compounds are split as an expression over bytes splits them', () => {
  fc.assert(
    fc.property(fc.oneof(HARD_LINE, HYPHENATED), (line) => {
      assert.equal(splitCompounds(line), splitBytes(line));
    }),
    { numRuns: 1000 },
  );
});

test('any text has tokens, between single spaces, that hold all its letters', () => {
  fc.assert(
    fc.property(ANY_TEXT, (line) => {
      const tokens = unescaped(tokenizeMoses(line));
      assert.equal(lettersOf(tokens), lettersOf(line));
      splitCompounds(replaceUnicodePunctuation(line));
      if (/[^\s\x85]/.test(line)) assert.doesNotMatch(tokens, /^ | {2}| $/);
    }),
    { numRuns: 1000 },
  );
});

test('tokenised lines are told from others', () => {
  fc.assert(
    fc.property(HARD_LINE, (line) => {
      assert.equal(findUntokenized([splitCompounds(tokenizeMoses(line))]), -1);
    }),
    { numRuns: 1000 },
  );
  for (const raw of ['Ja, ja .', 'nein,', '"', "geht 's", 'a [ b']) {
    assert.equal(findUntokenized(['So , so .', raw]), 1, raw);
  }
});

sharedTest(
  'the gold file has quotes that no hypothesis can have',
  ['data', 'state_of_sparsity', 'newstest2014.tok.de'],
  async () => {
    const gold = await publishedLines('../state_of_sparsity/newstest2014.tok.de');
    assert.equal(gold.length, 3003);
    assert.equal(findUntokenized(gold), -1);
    const closing = gold.filter((line) => line.includes('“'));
    assert.equal(closing.join('').split('“').length - 1, 329);
    const hypotheses = closing.map((line) => tokenizeMoses(replaceUnicodePunctuation(line)));
    assert.ok(hypotheses.every((line) => !line.includes('“') && line.includes('&quot;')));
    assert.ok(hypotheses.some((line) => line.includes('„')));
  },
);

for (const step of [replaceUnicodePunctuation, tokenizeMoses, splitCompounds]) {
  test(`${step.name} takes time linear in the length of a line`, () => {
    for (const unit of TEDIOUS) {
      const start = performance.now();
      step(unit.repeat(100_000));
      const elapsed = performance.now() - start;
      assert.ok(elapsed < 3000, `${JSON.stringify(unit)}: ${elapsed} ms`);
    }
  });
}

const HYPHENATED = fc
  .array(fc.constantFrom('-', '-', 'a', 'ä', '€', '😀', ' ', '\t'))
  .map((characters) => characters.join(''));

const ENTITIES: readonly [string, string][] = [
  ['&#93;', ']'],
  ['&#91;', '['],
  ['&quot;', '"'],
  ['&apos;', "'"],
  ['&gt;', '>'],
  ['&lt;', '<'],
  ['&#124;', '|'],
  ['&amp;', '&'],
];

function unescaped(tokens: string): string {
  return ENTITIES.reduce((text, [entity, character]) => text.replaceAll(entity, character), tokens);
}

function lettersOf(text: string): string {
  return text.replace(/[^\p{Alphabetic}\p{Nd}]/gu, '');
}

const AT_DASH = new TextEncoder().encode(' ##AT##-##AT## ');

/** `s/(\S)-(\S)/…/g` over the bytes of the line, one by one. */
function splitBytes(line: string): string {
  const bytes = new TextEncoder().encode(line);
  const isBlank = (byte: number | undefined) =>
    byte === undefined || byte === 32 || (byte >= 9 && byte <= 13);
  const parts: number[] = [];
  let done = 0;
  for (let at = 1; at < bytes.length; at++) {
    const [before, byte, after] = bytes.subarray(at - 1, at + 2);
    if (byte !== 0x2d || at - 1 < done || isBlank(before) || isBlank(after)) continue;
    parts.push(...bytes.subarray(done, at), ...AT_DASH, ...bytes.subarray(at + 1, at + 2));
    done = at + 2;
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    Uint8Array.of(...parts, ...bytes.subarray(done)),
  );
}
