import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scope, write } from '../../src/graph/device/scope.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import { type BeamSearchOptions, beamSearchOracle, type Model } from '../support/decoding-oracles.ts';
import { deviceBeamSearch } from '../support/device-search.ts';
import fc from '../support/fast-check.ts';
import { testGpu } from '../support/gpu.ts';
import { makeMarkov, onDevice, onHost } from '../support/markov.ts';
import { holds } from '../support/property.ts';
import { below, floats, randomFrom } from '../support/random.ts';

/** Kernels to try: with lanes for all hypotheses side by side, and for some after the others. */
const variant = fc.constantFrom(
  { beam: 1, stopEarly: true, lanes: { abreast: 1, lanes: 2, block: 4 } },
  { beam: 2, stopEarly: false, lanes: { abreast: 1, lanes: 4, block: 1 } },
  { beam: 3, stopEarly: false, lanes: { abreast: 2, lanes: 16, block: 4 } },
  { beam: 4, stopEarly: true, lanes: { abreast: 4, lanes: 64, block: 8 } },
  { beam: 5, stopEarly: true, lanes: { abreast: 3, lanes: 4, block: 4 } },
);

/**
 * The likeliest token has all of the probability that float32 can tell, others differ by eighths: logits are
 * log-probabilities, and with penalties that are powers of two nothing rounds but next to the constant that rules hypotheses
 * out. So equal scores are equal everywhere, and there are many.
 */
test('beam search with many ties makes the very choices of the original, and stops when it does', async () => {
  const given = fc.record({
    variant,
    sentences: fc.integer({ min: 1, max: 5 }),
    vocabulary: fc.integer({ min: 2, max: 12 }),
    limit: fc.integer({ min: 1, max: 8 }),
    doubling: fc.integer({ min: 1, max: 9 }),
    /** How often the end of a sentence is the likeliest, in sixteenths. */
    ending: fc.integer({ min: 0, max: 12 }),
    seed: fc.nat(),
  });
  await holds(
    fc.asyncProperty(given, async ({ variant, sentences, vocabulary, limit, doubling, ending, seed }) => {
      const { beam, lanes } = variant;
      const random = randomFrom(seed);
      const hypotheses = sentences * beam;
      const table = Array.from({ length: limit * hypotheses }, () => {
        const likeliest = below(random, 16) < ending ? 1 : below(random, vocabulary);
        return Float32Array.from({ length: vocabulary }, (_, id) =>
          id === likeliest ? 0 : -88 - below(random, 16) / 8,
        );
      });
      const model: Model = ({ sentence, slot, step }) => table[step * hypotheses + sentence * beam + slot];
      const options: BeamSearchOptions = {
        ...variant,
        sentences,
        limit,
        penalty: (length) => 2 ** Math.floor(length / doubling),
      };

      const gpu = await testGpu();
      using scope = new Scope(gpu);
      const search = deviceBeamSearch(gpu, scope, options);
      const columns = Math.ceil(hypotheses / 4) * 4;
      const logits = scope.tensor('logits', [vocabulary, columns]);
      const graph = new Graph(gpu, 'beam search');
      search.addStep(graph, logits, lanes);
      using plan = await graph.plan();
      for (let step = 0; step < limit; step++) {
        const now = table.slice(step * hypotheses, (step + 1) * hypotheses);
        const ofPadding = (id: number, column: number) => now[column]?.[id] ?? Number.NaN;
        write(
          gpu,
          logits,
          Float32Array.from({ length: vocabulary * columns }, (_, i) =>
            ofPadding(Math.floor(i / columns), i % columns),
          ),
        );
        plan.run();
      }

      const { steps, sentences: expected } = beamSearchOracle(model, options);
      assert.deepEqual(await search.result(), { steps, sentences: expected });
    }),
    60,
  );
});

test('beam search over a language model finds what the original finds, wholly on the device', async () => {
  const given = fc.record({
    variant,
    sentences: fc.integer({ min: 1, max: 3 }),
    vocabulary: fc.integer({ min: 9, max: 20 }),
    limit: fc.integer({ min: 1, max: 12 }),
    alpha: fc.constantFrom(0, 0.6, 1),
    seed: fc.nat(),
  });
  await holds(
    fc.asyncProperty(given, async ({ variant, sentences, vocabulary, limit, alpha, seed }) => {
      const { beam, lanes } = variant;
      const markov = makeMarkov((random, count) => floats(random, count, 1), randomFrom(seed), {
        vocabulary,
        positions: limit + 1,
        sentences,
      });
      const options: BeamSearchOptions = {
        ...variant,
        sentences,
        limit,
        penalty: (length) => Math.fround(((5 + length) / 6) ** alpha),
      };
      const expected = beamSearchOracle(onHost(markov), options);
      // Closer than rounding allows to tell apart, either order would do.
      fc.pre(expected.margin > 1e-4);

      const gpu = await testGpu();
      using scope = new Scope(gpu);
      const search = deviceBeamSearch(gpu, scope, options);
      const graph = new Graph(gpu, 'beam search');
      search.addStep(graph, onDevice(graph, scope, markov, search, { sentences, beam }), lanes);
      using plan = await graph.plan();
      // More often than there are steps: those after the last must change nothing.
      plan.run(limit + 2);

      const found = await search.result();
      assert.equal(found.steps, expected.steps);
      for (const list of ['alive', 'finished'] as const) {
        expected.sentences.forEach((sentence, index) => {
          const got = found.sentences[index][list];
          assert.deepEqual(
            got.map(({ ids }) => ids),
            sentence[list].map(({ ids }) => ids),
          );
          sentence[list].forEach(({ score }, i) => {
            assert.ok(Math.abs(got[i].score - score) <= 2e-5, `${got[i].score}, expected ${score}`);
          });
        });
      }
    }),
    20,
  );
});
