import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DataError } from '../../../src/base/errors.ts';
import { loadVocabulary } from '../../../src/io/text/load-vocabulary.ts';
import { parseVocabulary, Vocabulary } from '../../../src/io/text/subwords.ts';
import fc from '../../support/fast-check.ts';
import { sharedTest } from '../../support/shared.ts';

const PUBLISHED = 'vocab.translate_ende_wmt32k.32768.subwords';

const SMALL = [
  ...['<pad>_', '<EOS>_', ', _', '._', 'the_', '_', 'Hund_', 'Katze', 'n_', ' "_', '\\u_', '\\\\'],
  ...['a', 'b', 'c', 'd', 'e', 'H', '.', ' ', ',', '_', '\\', ';', 'u', ...'0123456789', 'ä'],
];

/** As {@link SMALL}, with an entry for each character on its own, as published vocabularies have. */
const COMPLETE = [...SMALL, ...new Set(SMALL.join(''))];

const ENCODED: [text: string, ids: number[]][] = [
  ['the Hund, the Katzen.', [4, 6, 2, 4, 7, 8, 3]],
  ['a_b', [12, 21, 10, 13, 21]],
  ['a\\b', [12, 21, 11, 21, 13, 21]],
  ['aé b', [12, 22, 27, 28, 28, 23, 21, 13, 21]],
  ['the  the', [4, 19, 19, 21, 4]],
  [' the', [19, 21, 4]],
  ['ä 12€', [35, 21, 26, 27, 21, 22, 33, 28, 31, 29, 23, 21]],
  ['a\tb', [12, 21, 22, 34, 23, 21, 13, 21]],
  ['a - b', [12, 21, 19, 22, 29, 30, 23, 19, 21, 13, 21]],
  ['', []],
];

const DECODED: [ids: number[], text: string][] = [
  [[0, 4, 1], '<pad>the<EOS>'],
  [[4, 6, 3], 'the Hund.'],
  [[7, 8, 4], 'Katzen the'],
  [[7, 4], 'Katzethe'],
  [[99, 4], 'the'],
  [[-1, 0.5, 4], 'the'],
];

test('the vectors of the original encoder are reproduced, in both directions', () => {
  const vocabulary = new Vocabulary(SMALL);
  for (const [text, ids] of ENCODED) {
    assert.deepEqual(vocabulary.encode(text), ids, text);
    assert.equal(vocabulary.decode(ids), text);
  }
  for (const [ids, text] of DECODED) assert.equal(vocabulary.decode(ids), text);
});

test('escapes are undone from left to right, and a number that is no code point gives U+3013', () => {
  const escaped = new Vocabulary(['a\\8364;b\\99999999;\\u\\\\', '\\\\u', '\\1114111;\\1114112;\\x\\12']);
  assert.equal(escaped.decode([0]), 'a€b\u3013_\\');
  assert.equal(escaped.decode([1]), '\\u');
  assert.equal(escaped.decode([2]), '\u{10ffff}\u3013\\x\\12');
});

test('a vocabulary line loses its trailing white space and one pair of equal quotes, and nothing else', () => {
  const lines = [
    `'a_'`,
    `"b_" \r`,
    `'''_'`,
    `' x\u00a0_'`,
    `'\u2028\u0085_'\u0085`,
    'bare  ',
    `'`,
    '',
    `'c"`,
  ];
  const expected = ['a_', 'b_', `''_`, ' x\u00a0_', '\u2028\u0085_', 'bare', '', '', `'c"`];
  assert.deepEqual(parseVocabulary(`${lines.join('\n')}\n`).tokens, expected);
  assert.equal(parseVocabulary('a\nb').size, 2);
});

test('of equal entries the last is used for encoding, and an empty one never', () => {
  assert.deepEqual(new Vocabulary(['a', '_', '', 'a_', 'a_']).encode('a'), [4]);
});

test('every string survives encoding and decoding, whatever its characters', () => {
  const vocabulary = new Vocabulary(COMPLETE);
  const hard = fc.string({ unit: fc.constantFrom(...'aäH7 _\\;u.,\n\t€𝔸😀\ud800\udc00') });
  const arbitrary = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    hard,
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  );
  fc.assert(
    fc.property(arbitrary, (text) => {
      assert.equal(vocabulary.decode(vocabulary.encode(text)), text);
    }),
    { numRuns: 1000 },
  );
});

test('encoding is greedy: no longer entry fits at any place', () => {
  const vocabulary = new Vocabulary(COMPLETE);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'abcdeH., "_Katzenth') }), (text) => {
      const ids = vocabulary.encode(text);
      const escaped = ids.map((id) => COMPLETE[id]).join('');
      let start = 0;
      for (const id of ids) {
        const word = escaped.slice(start, escaped.indexOf('_', start) + 1);
        const fitting = COMPLETE.filter((entry) => entry !== '' && word.startsWith(entry));
        assert.equal(COMPLETE[id].length, Math.max(...fitting.map((entry) => entry.length)));
        start += COMPLETE[id].length;
      }
    }),
  );
});

sharedTest(
  'Tensor2Tensor and this encoder give the same ids for every line at hand',
  ['data'],
  async (data) => {
    const [texts, ids] = [join(data, 'state_of_sparsity'), join(data, 'subwords')];
    const vocabulary = await loadVocabulary(join(texts, PUBLISHED), { expectedSize: 33_288 });
    for (const [text, expected, count] of [
      [join(texts, 'newstest2014.en'), join(ids, 'newstest2014.en.first1000.ids'), 1000],
      [join(ids, 'newstest2014.de.first300.txt'), join(ids, 'newstest2014.de.first300.ids'), 300],
    ] as const) {
      const lines = (await readFile(text, 'utf8')).split('\n').slice(0, count);
      const rows = (await readFile(expected, 'utf8')).split('\n').slice(0, count);
      for (const [i, line] of lines.entries()) {
        assert.equal(vocabulary.encode(line).join(' '), rows[i], line);
        assert.equal(vocabulary.decode(vocabulary.encode(line)), line);
      }
    }
  },
);

sharedTest(
  'the published vocabulary has each of its characters as an entry, so that every string survives it',
  ['data', 'state_of_sparsity'],
  async (folder) => {
    const vocabulary = await loadVocabulary(join(folder, PUBLISHED));
    const entries = new Set(vocabulary.tokens);
    const alphabet = new Set([...vocabulary.tokens.join(''), ...'\\_u;0123456789']);
    assert.deepEqual(
      [...alphabet].filter((character) => !entries.has(character)),
      [],
    );
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom(...alphabet), fc.string({ unit: 'binary', maxLength: 1 })),
    });
    fc.assert(
      fc.property(text, (text) => {
        assert.equal(vocabulary.decode(vocabulary.encode(text)), text);
      }),
    );
  },
);

test('what the entries cannot spell is refused by name', () => {
  assert.throws(() => new Vocabulary(['ab_', '_']).encode('b'), /no entry for "b" in "b_"/);
  assert.throws(() => new Vocabulary([]).encode('a'), DataError);
});

test('files that are missing, empty, no UTF-8 or of another size are refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'subwords-'));
  try {
    const path = join(folder, 'vocabulary');
    await assert.rejects(loadVocabulary(path), DataError);
    await writeFile(path, '');
    await assert.rejects(loadVocabulary(path), /empty vocabulary/);
    await writeFile(path, Uint8Array.of(0x27, 0xff, 0x27, 0x0a));
    await assert.rejects(loadVocabulary(path), /not valid UTF-8/);
    await writeFile(path, `\ufeff'a_'\n`);
    assert.deepEqual((await loadVocabulary(path)).tokens, [`\ufeff'a_'`]);
    await assert.rejects(loadVocabulary(path, { expectedSize: 2 }), /1 entries where the model has 2/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
