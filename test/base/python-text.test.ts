import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countWords, formatFloat, stripWhitespace } from '../../src/base/python-text.ts';
import fc from '../support/fast-check.ts';

test('floats are written as Python writes them', () => {
  const written: [number, string][] = [
    [0, '0.0'],
    [50, '50.0'],
    [100, '100.0'],
    [0.6, '0.6'],
    [69.9770541958042, '69.9770541958042'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.1102230246251565e-14, '1.1102230246251565e-14'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e+16'],
    [-2.5, '-2.5'],
  ];
  for (const [value, text] of written) assert.equal(formatFloat(value), text);
});

test('floats read back as the same number', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = formatFloat(value);
      assert.ok(Number(text) === value, text);
      assert.match(text, /[.e]/);
    }),
  );
});

const WORD = fc.stringMatching(/^[a-z\ufeff]{1,5}$/);
const SPACE = fc
  .array(fc.constantFrom(' ', '\t', '\r', '\x1c', '\x85', '\u2003'), { minLength: 1 })
  .map((parts) => parts.join(''));

test('words are what whitespace separates, and stripping leaves what is between the first and the last', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(WORD, SPACE)), fc.option(SPACE, { nil: '' }), (words, before) => {
      const inner = words.map(([word, space]) => word + space).join('');
      assert.equal(countWords(before + inner), words.length);
      const last = words.at(-1);
      const expected = last === undefined ? '' : inner.slice(0, inner.length - last[1].length);
      assert.equal(stripWhitespace(before + inner), expected);
    }),
  );
});
