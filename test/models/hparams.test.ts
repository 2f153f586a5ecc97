import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError } from '../../src/base/errors.ts';
import { formatHparams, parseHparams } from '../../src/models/hparams.ts';

const heads = (text: string) => parseHparams(text, 'hparams.json').heads;

test('a number of heads is a number, also where it was written as text', () => {
  assert.equal(heads('{"num_heads": 4, "other": [1]}'), 4);
  assert.equal(heads('{"num_heads": "4"}'), 4);
  for (const text of ['{"num_heads": null}', '{}', 'null', '[4]']) assert.equal(heads(text), undefined, text);
});

test('what is written is read', () => {
  for (const hparams of [
    { heads: 4, imageSize: undefined },
    { heads: undefined, imageSize: 32 },
  ]) {
    assert.deepEqual(parseHparams(formatHparams(hparams)!, 'hparams.json'), hparams);
  }
  assert.equal(formatHparams({}), undefined);
});

test('what Python writes for numbers that JSON lacks is read, inside of text too', () => {
  assert.equal(heads('{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \\" Infinity", "num_heads": 2}'), 2);
});

test('a number of heads that is none, and what is no JSON, is refused', () => {
  for (const value of ['"four"', '0', '4.5', '-4', 'true', '[4]', '""', 'NaN1', '1e99']) {
    assert.throws(() => heads(`{"num_heads": ${value}}`), DataError, value);
  }
  assert.throws(
    () => heads('{"num_heads": 4.5}'),
    /hparams\.json: .*num_heads is 4\.5; it must be a whole number/,
  );
  assert.throws(() => heads('{"num_heads": 4'), /hparams\.json: is not JSON/);
});
