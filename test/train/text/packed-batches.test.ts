import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Corpus } from '../../../src/train/text/corpus.ts';
import { packRows } from '../../../src/train/text/pack-rows.ts';
import { PackedBatches } from '../../../src/train/text/packed-batches.ts';
import { PackedRows } from '../../../src/train/text/packed-rows.ts';
import type { SentencePair } from '../../../src/train/text/sentence-pair.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';

/** Pairs that their first ids tell apart. */
const pairsOf = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })), {
    minLength: 40,
    maxLength: 120,
  })
  .map((lengths) =>
    lengths.map(([source, target], i): SentencePair => {
      const ids = (length: number) => Array.from({ length }, () => i + 2);
      return { inputs: ids(source), targets: ids(target) };
    }),
  );

test('rows are those of first fit over ten open rows, as computed here', () =>
  holds(
    fc.asyncProperty(pairsOf, fc.integer({ min: 12, max: 30 }), async (pairs, length) => {
      const rows = PackedRows.packed(await Corpus.of(pairs), length);
      const expected = firstFit(pairs, length);
      assert.deepEqual(
        Array.from({ length: rows.count }, (_, row) => [...rows.row(row)]),
        expected,
      );
      let row = 0;
      for await (const { inputs, targets } of packRows(pairs, { length })) {
        assert.deepEqual(
          inputs.ids,
          expected[row].flatMap((pair) => pairs[pair].inputs),
        );
        assert.deepEqual(
          targets.ids,
          expected[row].flatMap((pair) => pairs[pair].targets),
        );
        row++;
      }
      assert.equal(row, expected.length);
    }),
    60,
  ));

test('an epoch has every row at most once, and no more is left out than fills no batch, whatever was asked for before', () =>
  holds(
    fc.asyncProperty(
      pairsOf,
      fc.integer({ min: 1, max: 3 }),
      fc.nat(100),
      async (pairs, rowsAtOnce, seed) => {
        const corpus = await Corpus.of(pairs);
        const packed = PackedRows.packed(corpus, 16);
        const options = { length: 16, rows: 3, rowsAtOnce, seed };
        const batches = new PackedBatches(corpus, packed, options);
        assert.equal(batches.perEpoch, Math.floor(packed.count / 3));
        const seen = new Set<number>();
        for (let step = 0; step < batches.perEpoch; step++) {
          const { parts, tokens } = batches.at(step);
          const all = parts.flatMap(({ rows }) => rows.flat());
          assert.equal(
            tokens,
            all.reduce((sum, { targets }) => sum + targets.length, 0),
          );
          assert.equal(parts.length, Math.ceil(3 / rowsAtOnce));
          assert.ok(Math.abs(parts.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-12);
          for (const { rows, room } of parts) {
            assert.ok(rows.length <= room.sentences && room.sentences === rowsAtOnce);
            for (const row of rows) {
              assert.ok(row.reduce((sum, { inputs }) => sum + inputs.length, 0) <= 16);
              assert.ok(row.reduce((sum, { targets }) => sum + targets.length, 0) <= 16);
            }
          }
          for (const { inputs } of all) {
            assert.ok(!seen.has(inputs[0]), `pair ${inputs[0]} comes twice`);
            seen.add(inputs[0]);
          }
        }
        const far = 3 * batches.perEpoch + 1;
        assert.deepEqual(new PackedBatches(corpus, packed, options).at(far), batches.at(far));
      },
    ),
    40,
  ));

test('too little text for a batch of rows is refused', async () => {
  const corpus = await Corpus.of([{ inputs: [3, 1], targets: [4, 1] }]);
  const make = () =>
    new PackedBatches(corpus, PackedRows.packed(corpus, 8), { length: 8, rows: 2, rowsAtOnce: 2, seed: 0 });
  assert.throws(make, { exitCode: 2, message: /^1 rows of 8 tokens do not fill a batch of 2/ });
});

/** By the rule: a pair goes into the first of the open rows with room for both sides; of ten, the oldest makes way for a new one. */
function firstFit(pairs: readonly SentencePair[], length: number): number[][] {
  const [closed, open]: [number[][], number[][]] = [[], []];
  const tokens = (row: number[], side: keyof SentencePair) =>
    row.reduce((sum, pair) => sum + pairs[pair][side].length, 0);
  pairs.forEach((pair, i) => {
    const fitting = open.find(
      (row) =>
        tokens(row, 'inputs') + pair.inputs.length <= length &&
        tokens(row, 'targets') + pair.targets.length <= length,
    );
    if (fitting !== undefined) {
      fitting.push(i);
      return;
    }
    if (open.length === 10) closed.push(...open.splice(0, 1));
    open.push([i]);
  });
  return [...closed, ...open];
}
