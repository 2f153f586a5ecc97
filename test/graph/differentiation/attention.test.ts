import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AttentionShape, attention } from '../../../src/graph/differentiation/attention.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { compute } from '../../support/compute.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { checkGradients, uniform, type Values } from '../../support/gradients.ts';
import { holds } from '../../support/property.ts';
import { below, randomFrom } from '../../support/random.ts';

/** What is left away of attention in a case. */
interface Masks {
  readonly segments?: { readonly queries: Uint32Array; readonly keys: Uint32Array };
  readonly dropout?: { readonly rate: number; readonly draws: Float32Array };
}

/** Attention query by query, in float64. */
function attended(
  { query, key, value, bias }: Values,
  { sentences, heads, queries, keys, causal }: AttentionShape,
  headSize: number,
  { segments, dropout }: Masks = {},
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
          const apart = segments && segments.queries[b * queries + i] !== segments.keys[b * keys + j];
          return Math.exp(dot / Math.sqrt(headSize) + bias[b * keys + j] - (apart ? 1e9 : 0));
        });
        const total = weights.reduce((a, c) => a + c);
        if (dropout) {
          const row = ((b * heads + h) * queries + i) * keys;
          weights.forEach((weight, j) => {
            weights[j] = dropout.draws[row + j] < dropout.rate ? 0 : weight / (1 - dropout.rate);
          });
        }
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

test('attention of packed sentences sees none but its own, and dropout takes weights away', async () => {
  await holds(
    fc.asyncProperty(
      fc.record({ sentences: extent, heads: extent, queries: extent, keys: extent, causal: fc.boolean() }),
      extent,
      fc.constantFrom(0.25, 0.5),
      fc.record({ packed: fc.boolean(), drops: fc.boolean() }),
      fc.nat(),
      async (shape, headSize, rate, { packed, drops }, seed) => {
        const random = randomFrom(seed);
        const { sentences, heads, queries, keys } = shape;
        const hidden = heads * headSize;
        // Every query sees its first key: one that sees none has no gradient that float64 could tell.
        const segmentsOf = (length: number) =>
          Uint32Array.from({ length: sentences * length }, (_, i) =>
            i % length === 0 ? 1 : 1 + below(random, 2),
          );
        const segments = { queries: segmentsOf(queries).fill(1), keys: segmentsOf(keys) };
        const draws = uniform(random, [sentences * heads * queries, keys], 0, 1);
        await checkGradients(await testGpu(), {
          operands: {
            query: uniform(random, [hidden, sentences * queries]),
            key: uniform(random, [hidden, sentences * keys]),
            value: uniform(random, [hidden, sentences * keys]),
            bias: { shape: [1, sentences * keys], data: new Float32Array(sentences * keys) },
            draws,
          },
          by: ['query', 'key', 'value'],
          record: (tape, { query, key, value, draws: uploaded }, scope) =>
            attention(tape, shape, {
              query,
              key,
              value,
              segments: packed
                ? {
                    queries: scope.upload('query segments', [sentences * queries], segments.queries),
                    keys: scope.upload('key segments', [sentences * keys], segments.keys),
                  }
                : undefined,
              dropout: drops ? { rate, draws: uploaded } : undefined,
            }),
          reference: (values) =>
            attended(values, shape, headSize, {
              ...(packed ? { segments } : {}),
              ...(drops ? { dropout: { rate, draws: draws.data } } : {}),
            }),
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
