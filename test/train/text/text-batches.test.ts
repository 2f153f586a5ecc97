import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { Corpus } from '../../../src/train/text/corpus.ts';
import { lengthBuckets } from '../../../src/train/text/length-buckets.ts';
import type { SentencePair } from '../../../src/train/text/sentence-pair.ts';
import { TextBatches } from '../../../src/train/text/text-batches.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';

/** Pairs that their first ids tell apart. */
const pairsOf = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })), {
    minLength: 30,
    maxLength: 120,
  })
  .map((lengths) =>
    lengths.map(
      ([source, target], i): SentencePair => ({
        inputs: Array.from({ length: source }, () => i + 2),
        targets: Array.from({ length: target }, () => i + 2),
      }),
    ),
  );

test('an epoch has every pair at most once, in batches of its length, whatever was asked for before', () =>
  holds(
    fc.asyncProperty(pairsOf, fc.integer({ min: 1, max: 4 }), fc.nat(100), async (pairs, parts, seed) => {
      const buckets = lengthBuckets({ tokens: 48, longest: 20, step: 1.3 });
      const corpus = await Corpus.of(pairs);
      const batches = new TextBatches(corpus, { buckets, parts, seed });
      const seen = new Set<number>();
      for (let step = 0; step < batches.perEpoch; step++) {
        const { parts: found, tokens } = batches.at(step);
        const all = found.flatMap((part) => part.rows.flat());
        assert.equal(all.length, buckets.find(({ length }) => length === found[0].room.length)!.sentences);
        assert.equal(
          tokens,
          all.reduce((sum, { targets }) => sum + targets.length, 0),
        );
        const shares = found.reduce((sum, { share }) => sum + share, 0);
        assert.ok(Math.abs(shares - 1) < 1e-12 && found.length <= parts);
        for (const part of found) assert.ok(part.rows.length <= part.room.sentences);
        for (const { inputs, targets } of all) {
          assert.ok(Math.max(inputs.length, targets.length) <= found[0].room.length);
          assert.ok(!seen.has(inputs[0]), `pair ${inputs[0]} comes twice`);
          seen.add(inputs[0]);
        }
      }
      // At most a batch of the longest is left out.
      assert.ok(pairs.length - seen.size < buckets.at(-1)!.sentences);
      const far = 3 * batches.perEpoch + 1;
      assert.deepEqual(new TextBatches(corpus, { buckets, parts, seed }).at(far), batches.at(far));
    }),
    40,
  ));

test('too little text is refused, and corpora are told apart', async () => {
  const one: SentencePair = { inputs: [3, 1], targets: [4, 5, 1] };
  const other: SentencePair = { inputs: [3, 1, 4], targets: [5, 1] };
  const [a, b] = [await Corpus.of([one]), await Corpus.of([other])];
  assert.notEqual(a.checksum, b.checksum);
  assert.deepEqual([a.pair(0), a.length(0), a.tokens], [one, 3, 5]);
  const buckets = lengthBuckets({ tokens: 60, longest: 20 });
  assert.throws(() => new TextBatches(a, { buckets, parts: 1, seed: 0 }), UsageError);
});
