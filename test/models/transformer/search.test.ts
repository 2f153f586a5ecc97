import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DisposedError, UsageError } from '../../../src/base/errors.ts';
import type { Technique } from '../../../src/base/technique.ts';
import type { Gpu } from '../../../src/graph/device/gpu.ts';
import { controlWords } from '../../../src/graph/operations/search-operations.ts';
import {
  loadTransformer,
  type Transformer,
  type TranslateOptions,
} from '../../../src/models/transformer/model.ts';
import { inGuise } from '../../support/device-class.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { holds } from '../../support/property.ts';
import { below, randomFrom } from '../../support/random.ts';
import { tinyTransformer } from '../../support/tiny-transformer.ts';

const SHAPE = { hidden: 8, filter: 16, vocabulary: 12, encoderLayers: 1, decoderLayers: 2 };

/** A device, and how often a search for fewer than all sentences was heard of on it. */
function watched(gpu: Gpu): Watched {
  let count = 0;
  const device: Watched = { gpu, sentences: 0, halvings: () => count, onHalving: () => {} };
  let last = 0;
  const read: Gpu['read'] = (buffer, offset, bytes = 0) => {
    if (buffer.label === 'search control') {
      if (bytes < last && bytes < 4 * controlWords(device.sentences)) {
        count++;
        device.onHalving();
      }
      last = bytes;
    }
    return gpu.read(buffer, offset, bytes);
  };
  device.gpu = inGuise(gpu, { read });
  return device;
}

interface Watched {
  gpu: Gpu;
  /** Of the batches to come. */
  sentences: number;
  halvings(): number;
  onHalving: () => void;
}

/** A translation that is given up as soon as a smaller search takes over. */
async function interrupted(
  device: Watched,
  translate: Transformer['translate'],
  ids: number[][],
  options: TranslateOptions,
): Promise<void> {
  const reason = new Error('enough');
  const controller = new AbortController();
  device.onHalving = () => controller.abort(reason);
  try {
    await translate(ids, { ...options, bestOnly: true, signal: controller.signal });
  } catch (error) {
    assert.equal(error, reason);
  } finally {
    device.onHalving = () => {};
  }
}

/** Batches that some sentences leave, on adapters that a search treats so. */
const LEAVING = {
  software: { sentences: [7, 16, 24], beams: [3, 4], runs: 8 },
  hardware: { sentences: [32, 36], beams: [4], runs: 4 },
} as const;

async function testLeaving(kind: keyof typeof LEAVING): Promise<void> {
  const { sentences, beams, runs } = LEAVING[kind];
  const given = fc.record({
    technique: fc.constantFrom<Technique>('dense', 'variational_dropout'),
    // Models by which some sentences end early, some late, some never.
    salt: fc.constantFrom(1, 4, 8, 12, 14, 20, 37, 39),
    beam: fc.constantFrom(...beams),
    batches: fc.array(
      fc.record({
        sentences: fc.constantFrom(...sentences),
        // Beyond the first room for positions, too.
        maxLength: fc.constantFrom(12, 12, 12, 70),
        alpha: fc.constantFrom(0, 0.6, 1.5),
        isInterrupted: fc.boolean(),
      }),
      { minLength: 2, maxLength: 3 },
    ),
    seed: fc.nat(),
  });
  const gpu = await testGpu();
  const adapter = { ...gpu.adapter, software: kind === 'software' };
  const device = watched(inGuise(gpu, { adapter }));
  let cases = 0;
  await holds(
    fc.asyncProperty(given, async ({ technique, salt, beam, batches, seed }) => {
      cases++;
      const random = randomFrom(seed);
      using model = await loadTransformer(device.gpu, tinyTransformer(technique, SHAPE, salt), { heads: 2 });
      for (const { sentences, maxLength, alpha, isInterrupted } of batches) {
        const ids = Array.from({ length: sentences }, () => [
          ...Array.from({ length: below(random, 9) }, () => 2 + below(random, 10)),
          1,
        ]);
        const options = { beam, maxLength, alpha };
        device.sentences = sentences;
        if (isInterrupted) await interrupted(device, model.translate.bind(model), ids, options);
        const whole = await model.translate(ids, options);
        const best = await model.translate(ids, { ...options, bestOnly: true });
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
    runs,
  );
  // It would hold as well if nothing ever left. Of a share of the cases that may be so.
  if (cases === runs)
    assert.ok(device.halvings() >= cases, `${device.halvings()} halvings in ${cases} cases`);
}

for (const kind of ['software', 'hardware'] as const) {
  test(`where only the best is wanted, sentences that are decided leave the search, and nothing changes: ${kind} adapter`, () =>
    testLeaving(kind));
}

test('a search for more than the best of each sentence cannot leave the others out', async () => {
  using model = await loadTransformer(await testGpu(), tinyTransformer('dense', SHAPE), { heads: 2 });
  await assert.rejects(
    model.translate([[3, 1]], { topBeams: 2, bestOnly: true }),
    (error) => error instanceof UsageError && /topBeams is 2, with bestOnly/.test(error.message),
  );
  const greedy = await model.translate([[3, 1]], { beam: 1, maxLength: 4 });
  assert.deepEqual(await model.translate([[3, 1]], { beam: 1, maxLength: 4, bestOnly: true }), greedy);
});

test('a model that is disposed while it searches says so, and keeps nothing', async () => {
  const gpu = await testGpu();
  const made = new Set<GPUBuffer>();
  const counting = inGuise(gpu, {
    createBuffer(...args) {
      const buffer = gpu.createBuffer(...args);
      made.add(buffer);
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        made.delete(buffer);
        return destroy();
      };
      return buffer;
    },
  });
  const ids = Array.from({ length: 16 }, (_, i) => [2 + (i % 10), 1]);
  // While the encoder is compiled, while a step is, and while some run.
  for (const turns of [0, 1, 2, 3, 5, 8, 12]) {
    const model = await loadTransformer(counting, tinyTransformer('dense', SHAPE, 12), { heads: 2 });
    const searching = model.translate(ids, { maxLength: 400, bestOnly: true });
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
    model.dispose();
    await assert.rejects(searching, DisposedError, `${turns} turns`);
    assert.equal(made.size, 0, `${turns} turns`);
  }
});
