import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scope } from '../../src/graph/device/scope.ts';
import { type EmbeddingIds, embedding } from '../../src/graph/operations/operations.ts';
import { type CsrMatrix, csrFromDense } from '../../src/graph/weights/csr.ts';
import { uploadWeight } from '../../src/graph/weights/weight.ts';
import { assertWithin, gamma } from '../support/accuracy.ts';
import { asFloats, compute } from '../support/compute.ts';
import { DEVICE_CLASSES, gpuAs } from '../support/device-class.ts';
import fc from '../support/fast-check.ts';
import { featuresOf } from '../support/feature-major.ts';
import { nearestHalf } from '../support/halves.ts';
import { holds } from '../support/property.ts';
import { below, floats, randomFrom, sparsify } from '../support/random.ts';

const embeddingCase = fc.record({
  deviceClass: fc.constantFrom(...DEVICE_CLASSES),
  source: fc.constantFrom('sentences', 'first step', 'later step'),
  format: fc.constantFrom('sparse', 'dense'),
  values: fc.constantFrom('f32', 'f16'),
  packed: fc.boolean(),
  masks: fc.boolean(),
  vocabulary: fc.integer({ min: 2, max: 20 }),
  features: fc.integer({ min: 1, max: 70 }),
  density: fc.double({ min: 0, max: 1, noNaN: true }),
  stride: fc.integer({ min: 1, max: 6 }),
  sentences: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(),
});

test('an embedding is its row, scaled, with its timing; id 0 and empty rows are padding', async () => {
  await holds(
    fc.asyncProperty(embeddingCase, async (given) => {
      const { deviceClass, source, format, values, packed, vocabulary, features, density } = given;
      const { stride, sentences, seed } = given;
      const random = randomFrom(seed);
      // What id 0 stands for is never looked at.
      const dense = floats(random, vocabulary * features, 4);
      sparsify(random, dense, features, density, 'empty rows').fill(7, 0, features);
      const matrix = csrFromDense(dense, vocabulary, features);
      const scale = features ** 0.5;
      // In a decoding step the columns are the hypotheses, up to a multiple of 4.
      const step = source === 'later step' ? 2 : 0;
      const real = source === 'sentences' ? sentences * stride : stride;
      const columns = source === 'sentences' ? real : Math.ceil(stride / 4) * 4;
      // A step has no use for masks, and no binding left for them.
      const masks = given.masks && source === 'sentences';
      const ids = new Uint32Array(real).map(() => below(random, vocabulary));
      const positions = Math.max(stride, step + 1);
      const timing = floats(random, positions * features, 1);

      const result = await compute(await gpuAs(deviceClass), (graph, scope) => {
        const table = uploadWeight(scope, 'E', packed ? matrix : unpacked(matrix), {
          embedding: true,
          format,
          values,
        });
        const keyBias = graph.tensor('key bias', [1, columns]);
        const keep = graph.tensor('keep', [1, columns]);
        const x = embedding(graph, table, columns, {
          ids: source === 'sentences' ? sentenceIds(scope, ids, stride) : stepIds(scope, ids, step),
          scale,
          timing: scope.upload('timing', [positions, features], timing),
          ...(masks ? { masks: { keyBias, keep } } : {}),
        });
        return { x, ...(masks ? { keyBias, keep } : { keyBias: x, keep: x }) };
      });

      const x = { columns, data: asFloats(result.x) };
      for (let column = 0; column < columns; column++) {
        const position = source === 'sentences' ? column % stride : step;
        const id = source === 'first step' || column >= real ? 0 : ids[column];
        const stored = dense.subarray(id * features, (id + 1) * features);
        const row = values === 'f16' ? stored.map(nearestHalf) : stored;
        const empty = id === 0 || row.every((value) => value === 0);
        const parts = (feature: number) => [
          empty ? 0 : row[feature] * scale,
          timing[position * features + feature],
        ];
        const sumOf = (measure: (part: number) => number) =>
          Float64Array.from({ length: features }, (_, d) =>
            parts(d).reduce((sum, part) => sum + measure(part), 0),
          );
        const expected = {
          value: sumOf((part) => part),
          bound: sumOf(Math.abs).map((size) => gamma(5) * size),
        };
        assertWithin(featuresOf(x, column, 0, features), expected, `column ${column}`);
        if (masks) {
          assert.equal(asFloats(result.keyBias)[column], empty ? -1e9 : 0);
          assert.equal(asFloats(result.keep)[column], empty ? 0 : 1);
        }
      }
    }),
    60,
  );
});

function sentenceIds(scope: Scope, ids: Uint32Array, stride: number): EmbeddingIds {
  return { kind: 'sentences', ids: scope.upload('ids', [ids.length], ids), stride };
}

/** Ids that the step before `step` chose; those of earlier steps are others. */
function stepIds(scope: Scope, ids: Uint32Array, step: number): EmbeddingIds {
  const hypotheses = ids.length;
  const tokens = new Uint32Array(Math.max(1, step) * hypotheses).fill(1);
  tokens.set(ids, Math.max(0, step - 1) * hypotheses);
  return {
    kind: 'step',
    tokens: scope.upload('tokens', [tokens.length / hypotheses, hypotheses], tokens),
    control: scope.upload('control', [1], Uint32Array.of(step)),
    hypotheses,
  };
}

/** With columns of 32 bits, as a matrix too wide for 16 has. */
function unpacked(matrix: CsrMatrix): CsrMatrix {
  return { ...matrix, columns: Uint32Array.from(matrix.columns) };
}
