import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeExample, type Feature } from '../../../src/io/records/example.ts';
import { writeTfRecords } from '../../../src/io/records/tfrecord.ts';
import { packedRow } from '../../../src/train/text/pack-rows.ts';
import { arePackedRecords, readRecordCorpus } from '../../../src/train/text/record-corpus.ts';
import type { SentencePair } from '../../../src/train/text/sentence-pair.ts';
import { withDirectory } from '../../io/support.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';
import { packedExample, pairExample } from './examples.ts';

const OPTIONS = { vocabulary: { size: 40 }, maxLength: 60, keepRows: true };
const sentence = fc.array(fc.integer({ min: 2, max: 39 }), { maxLength: 6 }).map((ids) => [...ids, 1]);
const pair: fc.Arbitrary<SentencePair> = fc.record(
  { inputs: sentence, targets: sentence },
  { noNullPrototype: true },
);

test('packed records are their rows, whatever padding is between sentences and behind them', () =>
  withDirectory((directory) =>
    holds(
      fc.asyncProperty(
        fc.array(fc.array(pair, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 }),
        fc.record({ spacing: fc.integer({ min: 0, max: 3 }), length: fc.constantFrom(0, 80) }),
        async (rows, padding) => {
          const file = join(directory, 'rows');
          await writeTfRecords(
            file,
            rows.map((row) => packedExample(packedRow(row), padding)),
          );
          assert.ok(await arePackedRecords([file]));
          const { corpus, rows: found } = await readRecordCorpus([file], OPTIONS);
          const ofRow = (row: number) => Array.from(found!.row(row), (number) => corpus.pair(number));
          assert.deepEqual(
            rows.map((_, row) => ofRow(row)),
            rows,
          );
          // Unpacked they are the same pairs, of which long ones are left out.
          const unpacked = await readRecordCorpus([file], { ...OPTIONS, keepRows: false, maxLength: 7 });
          const all = Array.from({ length: unpacked.corpus.pairs }, (_, i) => unpacked.corpus.pair(i));
          assert.deepEqual(all, rows.flat());
          assert.deepEqual([unpacked.rows, unpacked.tooLong], [undefined, 0]);
        },
      ),
      40,
    ),
  ));

test('records of pairs are these pairs, of several files and compressed ones; long ones are left out', () =>
  withDirectory(async (directory) => {
    const pairs = [
      { inputs: [4, 5, 1], targets: [6, 1] },
      { inputs: [7, 1], targets: [8, 9, 9, 9, 1] },
      { inputs: [2, 1], targets: [3, 1] },
    ];
    const [a, b] = ['a', 'b'].map((name) => join(directory, name));
    await writeTfRecords(a, pairs.slice(0, 2).map(pairExample));
    await writeTfRecords(b, pairs.slice(2).map(pairExample), { compression: 'gzip' });
    assert.equal(await arePackedRecords([a, b]), false);
    const read = await readRecordCorpus([a, b], { ...OPTIONS, keepRows: false, maxLength: 4 });
    assert.equal(read.tooLong, 1);
    assert.deepEqual([read.corpus.pair(0), read.corpus.pair(1), read.corpus.pairs], [pairs[0], pairs[2], 2]);
  }));

const of = (...values: number[]): Feature => ({ kind: 'int64', values: BigInt64Array.from(values, BigInt) });
const ROW = {
  inputs: of(5, 1, 6, 1),
  inputs_segmentation: of(1, 1, 2, 2),
  inputs_position: of(0, 1, 0, 1),
  targets: of(7, 1, 8, 1),
  targets_segmentation: of(1, 1, 2, 2),
  targets_position: of(0, 1, 0, 1),
};
const without = (name: keyof typeof ROW) =>
  Object.fromEntries(Object.entries(ROW).filter(([each]) => each !== name));

const WRONG: readonly (readonly [string, Readonly<Record<string, Feature>>, RegExp])[] = [
  ['no inputs', { targets: of(5, 1) }, /has no feature "inputs"/],
  ['text', { inputs: { kind: 'bytes', values: [] }, targets: of(1) }, /"inputs" is of kind bytes/],
  ['a token too high', { inputs: of(5, 40, 1), targets: of(1) }, /has the token 40, .* from 1 to 39/],
  ['a negative token', { inputs: of(-5, 1), targets: of(1) }, /has the token -5/],
  [
    'a huge token',
    { inputs: of(1), targets: of(Number.MAX_SAFE_INTEGER, 1) },
    /"targets" has the token 9007/,
  ],
  ['padding', { inputs: of(5, 0, 1), targets: of(1) }, /has the token 0/],
  ['no end', { inputs: of(5, 1), targets: of(6, 7) }, /of "targets" does not end with token 1/],
  ['nothing', { inputs: of(), targets: of(1) }, /of "inputs" does not end with token 1/],
  ['no segments', without('inputs_segmentation'), /has no feature "inputs_segmentation"/],
  ['no positions', without('targets_position'), /has no feature "targets_position"/],
  ['segments too few', { ...ROW, inputs_segmentation: of(1, 1, 2) }, /_segmentation" has 3 numbers, .* 4/],
  ['positions too many', { ...ROW, targets_position: of(0, 1, 0, 1, 2) }, /_position" has 5 numbers, .* 4/],
  [
    'positions that go on',
    { ...ROW, inputs_position: of(0, 1, 2, 3) },
    /token 2 .* segment 2 and position 2/,
  ],
  [
    'a skipped segment',
    { ...ROW, inputs_segmentation: of(1, 1, 3, 3) },
    /token 2 .* segment 3 and position 0/,
  ],
  ['a token of none', { ...ROW, inputs_segmentation: of(0, 1, 2, 2) }, /token 0 .* segment 0/],
  [
    'one target too few',
    {
      ...ROW,
      targets: of(7, 8, 9, 1),
      targets_segmentation: of(1, 1, 1, 1),
      targets_position: of(0, 1, 2, 3),
    },
    /"inputs" has 2 segments, "targets" 1/,
  ],
  [
    'a row too long',
    { ...ROW, ...longRow('inputs', 61) },
    /its row has 61 tokens, .* room for 60; give --packed/,
  ],
];

for (const [what, features, message] of WRONG) {
  test(`a record with ${what} is an error that names it`, () =>
    withDirectory(async (directory) => {
      const file = join(directory, 'records');
      const isPacked = Object.keys(features).length > 2;
      const fine = isPacked ? encodeExample(Object.entries(ROW)) : pairExample({ inputs: [1], targets: [1] });
      await writeTfRecords(file, [fine, encodeExample(Object.entries(features))]);
      const read = readRecordCorpus([file], { ...OPTIONS, keepRows: isPacked });
      await assert.rejects(read, (error: Error) => {
        assert.match(error.message, message);
        assert.match(error.message, /records at byte \d+: record 1: /);
        return (error as { exitCode?: number }).exitCode === 3;
      });
    }));
}

test('damage, other files, mixed and empty ones are errors', () =>
  withDirectory(async (directory) => {
    const [records, mixed, text, empty] = ['records', 'mixed', 'text', 'empty'].map((name) =>
      join(directory, name),
    );
    const one = { inputs: [5, 1], targets: [6, 1] };
    await writeTfRecords(records, [pairExample(one)]);
    await writeTfRecords(mixed, [pairExample(one), packedExample(packedRow([one]))]);
    await writeFile(text, 'A sentence.\nAnother one.\n');
    await writeFile(empty, '');
    const read = (file: string) => readRecordCorpus([file], OPTIONS);
    await appendFile(records, new Uint8Array(20));
    await assert.rejects(read(records), { exitCode: 3, message: /record 1: the checksum of its length/ });
    await assert.rejects(read(mixed), { exitCode: 3, message: /record 1: is packed, those before are not/ });
    await assert.rejects(read(text), { exitCode: 3, message: /is it a TFRecord file/ });
    await assert.rejects(read(empty), { exitCode: 3, message: /has nothing to train on/ });
    await assert.rejects(arePackedRecords([empty]), { exitCode: 3, message: /has no record/ });
    await assert.rejects(arePackedRecords([join(directory, 'none')]), {
      exitCode: 3,
      message: /no such file/,
    });
  }));

function longRow(side: string, length: number): Record<string, Feature> {
  return {
    [side]: of(...Array.from({ length: length - 2 }, () => 5).with(-1, 1), 6, 1),
    [`${side}_segmentation`]: of(...Array.from({ length: length - 2 }, () => 1), 2, 2),
    [`${side}_position`]: of(...Array.from({ length: length - 2 }, (_, i) => i), 0, 1),
  };
}
