import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hypothesis } from '../../../src/models/transformer/hypotheses.ts';
import { loadTransformer, type Transformer } from '../../../src/models/transformer/model.ts';
import { translateLines } from '../../../src/models/transformer/translate-lines.ts';
import { CHARACTERS } from '../../support/echo-transformer.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { holds } from '../../support/property.ts';
import { below, randomFrom } from '../../support/random.ts';
import { tinyTransformer } from '../../support/tiny-transformer.ts';

const SHAPE = { hidden: 8, filter: 16, vocabulary: 12, encoderLayers: 1, decoderLayers: 2 };

test('hypotheses told of on the way have the scores that the model gives them, and change nothing', async () => {
  const given = fc.record({
    salt: fc.constantFrom(1, 4, 8, 12, 14, 20),
    beam: fc.constantFrom(1, 3),
    sentences: fc.constantFrom(1, 16),
    bestOnly: fc.boolean(),
    seed: fc.nat(),
  });
  const gpu = await testGpu();
  await holds(
    fc.asyncProperty(given, async ({ salt, beam, sentences, bestOnly, seed }) => {
      const random = randomFrom(seed);
      using model = await loadTransformer(gpu, tinyTransformer('dense', SHAPE, salt), { heads: 2 });
      const ids = Array.from({ length: sentences }, () => [
        ...Array.from({ length: below(random, 9) }, () => 2 + below(random, 10)),
        1,
      ]);
      const options = { beam, maxLength: 20, alpha: 0.6, bestOnly };
      const told: ReadonlyMap<number, Hypothesis>[] = [];
      const found = await model.translate(ids, { ...options, onProgress: (leading) => told.push(leading) });
      assert.deepEqual(found, await model.translate(ids, options));
      for (const leading of told) await assertScores(model, ids, leading, beam === 1 ? 0 : options.alpha);
      if (beam > 1) return;
      for (const [place, hypothesis] of told.flatMap((leading) => [...leading])) {
        assert.deepEqual(hypothesis.ids, found[place].ids.slice(0, hypothesis.ids.length));
      }
    }),
    6,
  );
});

test('lines grow under their own numbers, none ahead of its sentence', async () => {
  const shape = { ...SHAPE, vocabulary: CHARACTERS.size };
  using model = await loadTransformer(await testGpu(), tinyTransformer('dense', shape, 12), { heads: 2 });
  const lines = ['a', 'ab cd dd', 'bb cd', '', 'd'];
  const grown = lines.map((): string[] => []);
  const translations = await translateLines(model, CHARACTERS, lines, {
    beam: 1,
    batch: 2,
    extraLength: 8,
    onPartial: (partial) => {
      for (const [line, text] of partial) grown[line].push(text);
    },
  });
  assert.ok(grown.filter(({ length }) => length > 1).length > 2, `${grown.map(({ length }) => length)}`);
  for (const [line, texts] of grown.entries()) {
    const { translation } = translations[line];
    for (const text of texts) assert.equal(translation.slice(0, text.length), text, `line ${line}`);
  }
});

/**
 * The model's own log-probability of what was found, in float64, over the length penalty where it has ended.
 * @param alpha 0 for greedy decoding
 */
async function assertScores(
  model: Transformer,
  ids: readonly number[][],
  leading: ReadonlyMap<number, Hypothesis>,
  alpha: number,
): Promise<void> {
  const places = [...leading.keys()];
  const targets = places.map((place) => leading.get(place)!.ids);
  const logits = await model.logits(
    places.map((place) => ids[place]),
    targets,
  );
  const [, length, vocabulary] = logits.shape;
  for (const [row, target] of targets.entries()) {
    let expected = 0;
    for (const [t, id] of target.entries()) {
      const at = (row * length + t) * vocabulary;
      const scores = [...logits.subarray(at, at + vocabulary)];
      expected += scores[id] - Math.log(scores.reduce((sum, each) => sum + Math.exp(each), 0));
    }
    const { score, ended } = leading.get(places[row])!;
    // Greedy decoding goes on with sentences that have ended, and adds up what it then finds.
    if (ended && alpha === 0) continue;
    if (ended) expected /= ((5 + target.length) / 6) ** alpha;
    assert.ok(Math.abs(score - expected) < 1e-3, `sentence ${places[row]}: ${score}, expected ${expected}`);
  }
}
