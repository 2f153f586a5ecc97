import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AttentionShape, attention } from '../../../src/graph/differentiation/attention.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { compute } from '../../support/compute.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { checkGradients, uniform, type Values } from '../../support/gradients.ts';
import { holds } from '../../support/property.ts';
import { randomFrom } from '../../support/random.ts';

/** Attention query by query, in float64. */
function attended(
  { query, key, value, bias }: Values,
  { sentences, heads, queries, keys, causal }: AttentionShape,
  headSize: number,
): Float64Array {
  const [queryColumns, keyColumns] = [sentences * queries, sentences * keys];
  const output = new Float64Array(heads * headSize * queryColumns);
  for (let b = 0; b < sentences; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) {
        const weights = Array.from({ length: causal ? Math.min(i + 1, keys) : keys }, (_, j) => {
          let dot = 0;
          for (let d = h * headSize; d < (h + 1) * headSize; d++) {
            dot += query[d * queryColumns + b * queries + i] * key[d * keyColumns + b * keys + j];
          }
          return Math.exp(dot / Math.sqrt(headSize) + bias[b * keys + j]);
        });
        const total = weights.reduce((a, c) => a + c);
        for (let d = h * headSize; d < (h + 1) * headSize; d++) {
          output[d * queryColumns + b * queries + i] = weights.reduce(
            (sum, weight, j) => sum + (weight / total) * value[d * keyColumns + b * keys + j],
            0,
          );
        }
      }
    }
  }
  return output;
}

const extent = fc.integer({ min: 1, max: 4 });

test('attention with masked keys and heads of any size, causal too, and its gradients', async () => {
  await holds(
    fc.asyncProperty(
      fc.record({ sentences: extent, heads: extent, queries: extent, keys: extent, causal: fc.boolean() }),
      extent,
      fc.boolean(),
      fc.nat(),
      async (shape, headSize, masked, seed) => {
        const random = randomFrom(seed);
        const hidden = shape.heads * headSize;
        const keyColumns = shape.sentences * shape.keys;
        // The first key of a sentence stays: one with none has no gradient that float64 could tell.
        const bias = Float32Array.from({ length: keyColumns }, (_, j) =>
          masked && j % shape.keys > 0 && random() < 0.4 ? -1e9 : 0,
        );
        await checkGradients(await testGpu(), {
          operands: {
            query: uniform(random, [hidden, shape.sentences * shape.queries]),
            key: uniform(random, [hidden, keyColumns]),
            value: uniform(random, [hidden, keyColumns]),
            bias: { shape: [1, keyColumns], data: bias },
          },
          by: ['query', 'key', 'value'],
          record: (tape, { query, key, value, bias: keyBias }) =>
            attention(tape, shape, { query, key, value, ...(masked ? { keyBias } : {}) }),
          reference: (values) => attended(values, shape, headSize),
        });
      },
    ),
    25,
  );
});

test('columns that are no whole sentences are refused', async () => {
  const shape = { sentences: 2, heads: 1, queries: 3, keys: 3, causal: false };
  await assert.rejects(
    compute(await testGpu(), (graph, scope) => {
      const x = scope.tensor('x', [4, 7]);
      return { y: attention(new Tape(graph), shape, { query: x, key: x, value: x }) };
    }),
    { name: 'UsageError', message: 'attention: x [4, 7] has 7 columns, expected 6.' },
  );
});

test('heads that features cannot be shared among, and a bias of other keys, are refused', async () => {
  const gpu = await testGpu();
  const record = (heads: number, keys: number) =>
    compute(gpu, (graph, scope) => {
      const x = scope.tensor('x', [4, 2]);
      const shape = { sentences: 1, heads, queries: 2, keys: 2, causal: false };
      const inputs = { query: x, key: x, value: x, keyBias: scope.tensor('bias', [1, keys]) };
      return { y: attention(new Tape(graph), shape, inputs) };
    });
  await assert.rejects(record(3, 2), {
    name: 'UsageError',
    message: 'attention: x [4, 2] cannot be cut into 3 heads.',
  });
  await assert.rejects(record(2, 3), {
    name: 'UsageError',
    message: 'attention: bias [1, 3] has 3 columns, expected 2.',
  });
});
