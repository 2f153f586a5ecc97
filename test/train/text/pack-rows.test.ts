import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import type { PackedRow } from '../../../src/models/transformer/packed-row.ts';
import { packRows } from '../../../src/train/text/pack-rows.ts';
import type { SentencePair } from '../../../src/train/text/sentence-pair.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';

const sentence = fc.array(fc.integer({ min: 2, max: 99 }), { maxLength: 12 }).map((ids) => [...ids, 1]);
const pairs = fc.array(fc.record({ inputs: sentence, targets: sentence }), { maxLength: 60 });

describe('packRows', () => {
  it('keeps every pair that fits once, whole, and in its own segment', () =>
    holds(
      fc.asyncProperty(pairs, fc.integer({ min: 1, max: 30 }), async (all, length) => {
        const long: SentencePair[] = [];
        const rows = await packed(all, length, long);
        const unpacked = rows.flatMap(pairsOf);
        const fitting = all.filter(
          ({ inputs, targets }) => Math.max(inputs.length, targets.length) <= length,
        );
        assert.deepEqual(sorted(unpacked), sorted(fitting));
        assert.equal(long.length, all.length - fitting.length);
        for (const { inputs, targets } of rows) {
          for (const { ids, positions, segments } of [inputs, targets]) {
            assert.ok(ids.length <= length && positions.length === ids.length);
            assert.ok(segments.length === ids.length);
            positions.forEach((position, i) => {
              const continues = i > 0 && segments[i] === segments[i - 1];
              assert.equal(position, continues ? positions[i - 1] + 1 : 0);
            });
          }
        }
      }),
      300,
    ));

  it('is first fit over ten open rows, the oldest given away first', async () => {
    // Ten rows of 9 tokens, one pair that needs an eleventh, and one that fits into what is then the oldest.
    const of = (inputs: number, mark: number) => ({ inputs: new Array(inputs).fill(mark), targets: [mark] });
    const all = [...Array.from({ length: 10 }, (_, i) => of(9, i + 2)), of(5, 50), of(1, 60)];
    const rows = await packed(all, 10);
    assert.deepEqual(rows.map(({ inputs }) => [inputs.ids[0], inputs.ids.at(-1)]).slice(0, 3), [
      [2, 2],
      [3, 60],
      [4, 4],
    ]);
    assert.equal(rows.length, 11);
  });

  it('refuses a length that is none', async () => {
    await assert.rejects(packed([], 0), UsageError);
  });
});

async function packed(
  all: readonly SentencePair[],
  length: number,
  long: SentencePair[] = [],
): Promise<PackedRow[]> {
  const rows: PackedRow[] = [];
  for await (const row of packRows(all, { length, onTooLong: (pair) => long.push(pair) })) rows.push(row);
  return rows;
}

function pairsOf({ inputs, targets }: PackedRow): SentencePair[] {
  const part = ({ ids, segments }: PackedRow['inputs'], segment: number) =>
    ids.filter((_, i) => segments[i] === segment);
  return Array.from({ length: Math.max(...inputs.segments) }, (_, i) => ({
    inputs: part(inputs, i + 1),
    targets: part(targets, i + 1),
  }));
}

function sorted(all: readonly SentencePair[]): string[] {
  return all.map(({ inputs, targets }) => JSON.stringify({ inputs, targets })).sort();
}
