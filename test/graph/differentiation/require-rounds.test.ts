import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scope } from '../../../src/graph/device/scope.ts';
import { attention } from '../../../src/graph/differentiation/attention.ts';
import { type Chunks, sumInChunks } from '../../../src/graph/differentiation/chunks.ts';
import { convolution } from '../../../src/graph/differentiation/convolution.ts';
import { crossEntropy } from '../../../src/graph/differentiation/cross-entropy.ts';
import { multiply } from '../../../src/graph/differentiation/elementwise.ts';
import { gather, paddingMask } from '../../../src/graph/differentiation/embedding.ts';
import { batchNorm } from '../../../src/graph/differentiation/normalisation.ts';
import { globalAveragePool } from '../../../src/graph/differentiation/pool.ts';
import { sum } from '../../../src/graph/differentiation/reductions.ts';
import { MOST_ROUNDS, requireRounds } from '../../../src/graph/differentiation/require-rounds.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { Graph } from '../../../src/graph/plan/graph.ts';
import { asFloats, compute } from '../../support/compute.ts';
import { inGuise } from '../../support/device-class.ts';
import { testGpu } from '../../support/gpu.ts';
import { assertClose, uniform } from '../../support/gradients.ts';
import { randomFrom } from '../../support/random.ts';

/** The test device as one of few lanes that runs long loops to their end, or does not. */
async function software(longLoops: boolean) {
  const gpu = await testGpu();
  return inGuise(gpu, { deviceClass: 'cpu', features: { ...gpu.features, longLoops } });
}

test('more rounds than a device is sure to take are refused in one sentence', async () => {
  const short = await software(false);
  requireRounds(short, 'sum', MOST_ROUNDS);
  requireRounds(await software(true), 'sum', MOST_ROUNDS + 1);
  assert.throws(() => requireRounds(short, 'sum', MOST_ROUNDS + 1), {
    name: 'DeviceTooSmallError',
    message:
      `sum takes 65536 rounds of loops in an invocation, but ${short.describe()} ends them after 65535 without an error: ` +
      'use a smaller batch or model, or another adapter.',
  });
});

const TOO_LONG: Record<string, (tape: Tape, scope: Scope) => unknown> = {
  'cross-entropy': (tape, scope) =>
    crossEntropy(tape, tape.graph.tensor('logits', [60_000, 1]), scope.tensor('labels', [1]), {
      right: 1,
      wrong: 0,
    }),
  normalisation: (tape) => {
    const one = tape.graph.tensor('one', [1]);
    batchNorm(tape, tape.graph.tensor('x', [1, 1_500_000]), { scale: one, bias: one }, 1e-3);
  },
  sum: (tape) => sum(tape, tape.graph.tensor('x', [65_000, 1])),
  attention: ({ graph }) => {
    const shape = { sentences: 1, heads: 1, queries: 1, keys: 20_000, causal: false };
    const key = graph.tensor('key', [4, 20_000]);
    attention(new Tape(graph), shape, { query: graph.tensor('query', [4, 1]), key, value: key });
  },
  'gather gradient': (tape, scope) => {
    const table = tape.graph.tensor('table', [9, 1]);
    const rows = gather(tape, table, scope.tensor('ids', [70_000]));
    tape.gradients(sum(tape, rows), [table]);
  },
  'padding mask': ({ graph }) => paddingMask(graph, graph.tensor('x', [70_000, 1])),
  convolution: (tape) =>
    convolution(tape, tape.graph.tensor('kernel', [7, 7, 1400, 1]), tape.graph.tensor('x', [1400, 81]), {
      pictures: { count: 1, height: 9, width: 9 },
      stride: 1,
      padding: 'same',
    }),
  'average pool': (tape) =>
    globalAveragePool(tape, tape.graph.tensor('x', [1, 300 * 300]), { count: 1, height: 300, width: 300 }),
};

for (const [operation, record] of Object.entries(TOO_LONG)) {
  test(`so is ${operation} in sizes that take them`, async () => {
    const recordOn = (gpu: Awaited<ReturnType<typeof software>>) => {
      using scope = new Scope(gpu);
      record(new Tape(new Graph(gpu, 'test')), scope);
    };
    recordOn(await software(true));
    const short = await software(false);
    assert.throws(() => recordOn(short), {
      name: 'DeviceTooSmallError',
      message: new RegExp(`^${operation} takes \\d+ rounds`),
    });
  });
}

test('long sums are cut into chunks where loops are short', async () => {
  const chunksOn = async (longLoops: boolean): Promise<Chunks[]> => {
    const graph = new Graph(await software(longLoops), 'test');
    const seen: Chunks[] = [];
    sumInChunks(graph, graph.tensor('sums', [1 << 15]), 100_000, (_, chunks) => seen.push(chunks));
    return seen;
  };
  assert.deepEqual(await chunksOn(true), [{ chunks: 1, depth: 100_000 }]);
  assert.deepEqual(await chunksOn(false), [{ chunks: 4, depth: 25_000 }]);
});

test('batch norm of long rows takes more lanes where loops are short, and is right', async () => {
  const [columns, epsilon] = [7 * 112 * 112, 1e-2];
  const random = randomFrom(3);
  const [x, c] = [uniform(random, [1, columns], 0, 2), uniform(random, [1, columns])];
  const results = await compute(await software(false), (graph, scope) => {
    const tape = new Tape(graph);
    const input = scope.upload('x', x.shape, x.data);
    const scale = scope.upload('scale', [1], Float32Array.of(1));
    const bias = scope.upload('bias', [1], Float32Array.of(0));
    const { y } = batchNorm(tape, input, { scale, bias }, epsilon);
    const loss = sum(tape, multiply(tape, y, scope.upload('c', c.shape, c.data)));
    const [dx, dscale] = tape.gradients(loss, [input, scale]);
    return { y, dx, dscale };
  });
  const mean = (of: (i: number) => number) => x.data.reduce((total, _, i) => total + of(i), 0) / columns;
  const center = mean((i) => x.data[i]);
  const factor = 1 / Math.sqrt(mean((i) => (x.data[i] - center) ** 2) + epsilon);
  const y = Float64Array.from(x.data, (value) => (value - center) * factor);
  const [flat, along] = [mean((i) => c.data[i]), mean((i) => c.data[i] * y[i])];
  assertClose(asFloats(results.y), y, 1e-6, 'y');
  assertClose(asFloats(results.dscale), [along * columns], 1e-4, 'gradient of the scale');
  assertClose(
    asFloats(results.dx),
    y.map((value, i) => factor * (c.data[i] - flat - value * along)),
    1e-6,
    'gradient of x',
  );
});
