import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable, printableJson, printableLines } from '../../src/base/printable.ts';
import fc from '../support/fast-check.ts';

/** Also outside strings: control characters, formatting such as marks of direction, separators of lines, half pairs. */
const ACTS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Texts of any characters, many of them such that act on a terminal. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\x1b[2J',
        '\x9b31m',
        '\u202e',
        '\u2066',
        '\u200b',
        '\u2028',
        '\u00ad',
        '\ud800',
        '\u{e0041}',
      ),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('a', 'ß', '漢', '👍', ' ', '\\', '"', '\n', '\r', '\t'),
    ),
  )
  .map((parts) => parts.join(''));

test('what is printed has no character that acts, and leaves all others as they are', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.doesNotMatch(printable(text), ACTS);
      assert.doesNotMatch(printableLines(text).replaceAll('\n', ''), ACTS);
      assert.equal(printableLines(text).split('\n').length, text.split('\n').length);
      if (!ACTS.test(text)) assert.equal(printable(text), text);
      assert.equal(printable(printable(text)), printable(text));
    }),
    { numRuns: 500 },
  );
});

test('JSON so printed has none either, and reads the same', () => {
  fc.assert(
    fc.property(fc.record({ name: anyText, list: fc.array(fc.dictionary(anyText, anyText)) }), (value) => {
      const text = printableJson(value);
      assert.doesNotMatch(text, ACTS);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 500 },
  );
});

test('escapes are told as in a string of JavaScript', () => {
  assert.equal(printable('a\x1bb\nc\u202ed\u{e0041}'), 'a\\u001bb\\nc\\u202ed\\u{e0041}');
});
