import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTransformer } from '../../src/models/transformer/model.ts';
import { DEVICE_CLASSES, gpuAs } from '../support/device-class.ts';
import { randomFrom } from '../support/random.ts';
import { tinyTransformer } from '../support/tiny-transformer.ts';

/*
 * What is computed of a sentence is the same to the bit whatever stands beside it: kernels may choose by the number of
 * columns who adds what, never what is added in which order.
 */
const SHAPE = { hidden: 72, filter: 90, vocabulary: 400, encoderLayers: 1, decoderLayers: 1 };
const MAX_LENGTH = 5;

/** Sentences of very different lengths, enough for every width of a tile. */
function sentences(): number[][] {
  const random = randomFrom(11);
  return Array.from({ length: 21 }, (_, i) => [
    ...Array.from({ length: (i * 5) % 23 }, () => 2 + Math.floor(random() * (SHAPE.vocabulary - 2))),
    1,
  ]);
}

for (const deviceClass of DEVICE_CLASSES) {
  for (const technique of ['dense', 'magnitude_pruning'] as const) {
    test(`on a ${deviceClass}, a ${technique} model says the same to the bit of a sentence alone and in any batch`, async () => {
      const checkpoint = tinyTransformer(technique, SHAPE);
      const format = technique === 'dense' ? 'dense' : 'sparse';
      using model = await loadTransformer(await gpuAs(deviceClass), checkpoint, { heads: 9, format });
      const ids = sentences();
      const options = { maxLength: MAX_LENGTH };
      const encoded = await model.encode(ids);
      const logits = await model.logits(ids, ids);
      const found = await model.translate(ids, options);
      const greedy = await model.translate(ids, { ...options, beam: 1 });
      const length = encoded.shape[1];
      const rows = (values: Float32Array, features: number, sentence: number, count: number) =>
        bits(values.subarray(sentence * length * features, (sentence * length + count) * features));
      for (const together of [[14], [3, 4, 5], [8, 9, 10, 11, 12, 13, 15, 16, 17]]) {
        const some = together.map((sentence) => ids[sentence]);
        const here = Math.max(...some.map((one) => one.length));
        const [someEncoded, someLogits] = [await model.encode(some), await model.logits(some, some)];
        const someFound = await model.translate(some, options);
        const someGreedy = await model.translate(some, { ...options, beam: 1 });
        for (const [i, sentence] of together.entries()) {
          const what = `sentence ${sentence} of [${together}]`;
          const count = some[i].length;
          const of = (values: Float32Array, features: number) =>
            bits(values.subarray(i * here * features, (i * here + count) * features));
          assert.deepEqual(
            of(someEncoded, SHAPE.hidden),
            rows(encoded, SHAPE.hidden, sentence, count),
            `${what}, encoded`,
          );
          assert.deepEqual(
            of(someLogits, SHAPE.vocabulary),
            rows(logits, SHAPE.vocabulary, sentence, count),
            `${what}, logits`,
          );
          const { ids: translation, score } = found[sentence];
          assert.deepEqual(
            { ids: someFound[i].ids, score: someFound[i].score },
            { ids: translation, score },
            what,
          );
          assert.deepEqual(someGreedy[i].ids, greedy[sentence].ids, `${what}, greedy`);
        }
      }
    });
  }
}

function bits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.slice().buffer);
}
