import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../src/errors.ts';
import type { Gpu } from '../../src/graph/gpu.ts';
import { loadTransformer } from '../../src/models/transformer/model.ts';
import type { Technique } from '../../src/technique.ts';
import fc from '../support/fast-check.ts';
import { testGpu } from '../support/gpu.ts';
import { holds } from '../support/property.ts';
import { below, randomFrom } from '../support/random.ts';
import { tinyTransformer } from '../support/tiny-transformer.ts';

const SHAPE = { hidden: 8, filter: 16, vocabulary: 12, encoderLayers: 1, decoderLayers: 2 };

/** A device, and how often a search of half the size took over on it. */
function watched(gpu: Gpu): { gpu: Gpu; halvings: () => number } {
  let count = 0;
  const createBuffer: Gpu['createBuffer'] = (name, ...rest) => {
    if (name === 'chosen sentences') count++;
    return gpu.createBuffer(name, ...rest);
  };
  const proxy = new Proxy(gpu, {
    get(target, property) {
      if (property === 'createBuffer') return createBuffer;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { gpu: proxy, halvings: () => count };
}

test('where only the best is wanted, sentences that are decided leave the search, and nothing changes', async () => {
  const given = fc.record({
    technique: fc.constantFrom<Technique>('dense', 'variational_dropout'),
    // Models by which some sentences end early, some late, some never.
    salt: fc.constantFrom(1, 4, 8, 12, 14, 20, 37, 39),
    beam: fc.constantFrom(3, 4),
    batches: fc.array(fc.constantFrom(7, 16, 24), { minLength: 2, maxLength: 3 }),
    // Beyond the first room for positions, too.
    maxLength: fc.constantFrom(12, 12, 12, 70),
    seed: fc.nat(),
  });
  const device = watched(await testGpu());
  await holds(
    fc.asyncProperty(given, async ({ technique, salt, beam, batches, maxLength, seed }) => {
      const random = randomFrom(seed);
      using model = await loadTransformer(device.gpu, tinyTransformer(technique, SHAPE, salt), { heads: 2 });
      for (const sentences of batches) {
        const ids = Array.from({ length: sentences }, () => [
          ...Array.from({ length: below(random, 9) }, () => 2 + below(random, 10)),
          1,
        ]);
        const whole = await model.translate(ids, { beam, maxLength });
        const best = await model.translate(ids, { beam, maxLength, bestOnly: true });
        assert.deepEqual(
          best.map(({ ids, score }) => ({ ids, score })),
          whole.map(({ ids, score }) => ({ ids, score })),
        );
        for (const { ids, score, beams } of best) {
          assert.ok(beams.length >= 1 && beams.length <= beam);
          assert.deepEqual({ ids: beams[0].ids, score: beams[0].score }, { ids, score });
        }
      }
    }),
    8,
  );
  // It would hold as well if nothing ever left.
  assert.ok(device.halvings() >= 8, `${device.halvings()} halvings`);
});

test('a search for more than the best of each sentence cannot leave the others out', async () => {
  using model = await loadTransformer(await testGpu(), tinyTransformer('dense', SHAPE), { heads: 2 });
  await assert.rejects(
    model.translate([[3, 1]], { topBeams: 2, bestOnly: true }),
    (error) => error instanceof UsageError && /topBeams is 2, with bestOnly/.test(error.message),
  );
  const greedy = await model.translate([[3, 1]], { beam: 1, maxLength: 4 });
  assert.deepEqual(await model.translate([[3, 1]], { beam: 1, maxLength: 4, bestOnly: true }), greedy);
});
