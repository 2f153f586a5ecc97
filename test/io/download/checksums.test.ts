import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError } from '../../../src/base/errors.ts';
import { parseChecksums, pinOf } from '../../../src/io/download/checksums.ts';

const [SHA, MD5] = ['ab'.repeat(32), 'cd'.repeat(16)];

test('all forms of sha256sum and md5sum are read', () => {
  const text = [
    '# of a mirror',
    `${SHA}  sparse_rn50/a.tar`,
    `${SHA.toUpperCase()} *./b c.tar`,
    `SHA256 (d.tar) = ${SHA}`,
    `MD5 (e.tar) = ${MD5}\r`,
    `${MD5}  f.tar`,
    '',
  ].join('\n');
  const pins = parseChecksums(text, 'SUMS');
  for (const [name, hash] of [
    ['a.tar', SHA],
    ['b c.tar', SHA],
    ['d.tar', SHA],
    ['e.tar', MD5],
    ['f.tar', MD5],
  ]) {
    assert.deepEqual(pinOf(pins, `/cache/x/${name}`), { hash, by: 'SUMS' }, name);
  }
  assert.equal(pinOf(pins, '/cache/g.tar'), undefined);
  assert.equal(pinOf(pins, '/cache/xa.tar'), undefined);
});

test('what is no checksum is told by its line', () => {
  for (const line of [
    'abc  a.tar',
    SHA,
    `${SHA}x  a.tar`,
    `${SHA.slice(1)}  a.tar`,
    '<html>',
    `SHA256 (a) = ${MD5}0`,
  ]) {
    assert.throws(
      () => parseChecksums(`# x\n${line}\n`, 'SUMS'),
      (error: Error) =>
        error instanceof DataError && /^SUMS: line 2 is no line of sha256sum$/.test(error.message),
      line,
    );
  }
});
