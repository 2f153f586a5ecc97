import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { buildVocabulary, countWords, formatVocabulary } from '../../../src/io/text/build-vocabulary.ts';
import { parseVocabulary, Vocabulary } from '../../../src/io/text/subwords.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';
import { sharedTest } from '../../support/shared.ts';

for (const [suffix, maxSubtokenLength] of [
  ['', undefined],
  ['.max8', 8],
] as const) {
  const limit = maxSubtokenLength ? `, with fewer than ${maxSubtokenLength} characters an entry` : '';
  sharedTest(`vocabularies are Tensor2Tensor's${limit}`, ['goldens', 'vocabulary'], async (path) => {
    const read = (file: string) => readFile(`${path}/${file}`, 'utf8');
    const cases: Record<string, { target_size: number }> = JSON.parse(await read('cases.json'));
    for (const [name, { target_size: size }] of Object.entries(cases)) {
      const counts = countsOf((await read(`${name}.txt`)).split('\n').slice(0, -1));
      const text = formatVocabulary(buildVocabulary(counts, { size, maxSubtokenLength }));
      assert.equal(text, await read(`${name}${suffix}.subwords`), name);
    }
  });
}

describe('buildVocabulary', () => {
  const texts = fc.array(fc.string({ unit: 'binary', minLength: 1 }), { minLength: 1, maxLength: 20 });

  it('gives entries that every text of its kind is coded by, and a file that reads back', () =>
    holds(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 300 }), async (lines, size) => {
        const entries = buildVocabulary(countsOf(lines), { size });
        const vocabulary = parseVocabulary(formatVocabulary(entries));
        assert.deepEqual(vocabulary.tokens, new Vocabulary(entries).tokens);
        for (const line of lines) assert.equal(vocabulary.decode(vocabulary.encode(line)), line);
      }),
      100,
    ));

  it('begins with padding and the end of a sentence', () => {
    const [padding, end] = buildVocabulary(new Map([['word', 3]]), { size: 10 });
    assert.deepEqual([padding, end], ['<pad>_', '<EOS>_']);
  });

  it('refuses what cannot be', () => {
    assert.throws(() => buildVocabulary(new Map(), { size: 10 }), UsageError);
    for (const size of [0, 1.5, Number.NaN]) {
      assert.throws(() => buildVocabulary(new Map([['a', 1]]), { size }), UsageError);
    }
    assert.throws(() => buildVocabulary(new Map([['a', 1]]), { size: 5, maxSubtokenLength: 1 }), UsageError);
  });
});

function countsOf(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) countWords(counts, line);
  return counts;
}
