import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scope } from '../../src/graph/device/scope.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import { greedyOracle } from '../support/decoding-oracles.ts';
import { deviceGreedy } from '../support/device-search.ts';
import fc from '../support/fast-check.ts';
import { testGpu } from '../support/gpu.ts';
import { makeMarkov, onDevice, onHost } from '../support/markov.ts';
import { holds } from '../support/property.ts';
import { floats, type Random, randomFrom, smallIntegers } from '../support/random.ts';

test('greedy decoding takes the likeliest token, of equal ones the smallest, until all sentences have ended', async () => {
  const given = fc.record({
    // Often more than a device works on at a time, so that some wait for others to begin.
    sentences: fc.integer({ min: 1, max: 80 }),
    lanes: fc.constantFrom(2, 64),
    vocabulary: fc.integer({ min: 2, max: 9 }),
    limit: fc.integer({ min: 1, max: 12 }),
    ties: fc.boolean(),
    seed: fc.nat(),
  });
  await holds(
    fc.asyncProperty(given, async ({ sentences, lanes, vocabulary, limit, ties, seed }) => {
      const random = randomFrom(seed);
      // Few different logits tie often.
      const logits = (random: Random, count: number) =>
        ties ? smallIntegers(random, count).map((x) => x % 3) : floats(random, count, 1);
      const markov = makeMarkov(logits, random, { vocabulary, positions: limit + 1, sentences });
      const expected = greedyOracle(onHost(markov), sentences, limit);

      const gpu = await testGpu();
      using scope = new Scope(gpu);
      const search = deviceGreedy(gpu, scope, sentences, limit);
      const graph = new Graph(gpu, 'greedy');
      search.addStep(graph, onDevice(graph, scope, markov, search, { sentences, beam: 1 }), lanes);
      using plan = await graph.plan();
      plan.run(limit + 2);

      const found = await search.result();
      assert.equal(found.steps, expected.steps);
      expected.sentences.forEach(({ ids, score }, sentence) => {
        assert.deepEqual(found.sentences[sentence].ids, ids);
        assert.ok(Math.abs(found.sentences[sentence].score - score) < 1e-5 * limit);
      });
    }),
    25,
  );
});
