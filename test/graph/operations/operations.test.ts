import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scope } from '../../../src/graph/device/scope.ts';
import { attention, embedding, layerNorm, product } from '../../../src/graph/operations/operations.ts';
import type { Graph } from '../../../src/graph/plan/graph.ts';
import { type CsrMatrix, csrFromDense } from '../../../src/graph/weights/csr.ts';
import { uploadWeight } from '../../../src/graph/weights/weight.ts';
import { asFloats, compute } from '../../support/compute.ts';
import { DEVICE_CLASSES, gpuAs } from '../../support/device-class.ts';
import { floats, randomFrom, sparsify } from '../../support/random.ts';

const VOCABULARY = 150;
const HIDDEN = 12;
const HEADS = 3;
const SENTENCES = 2;
const LENGTH = 20;
const COLUMNS = SENTENCES * LENGTH;

/** One layer of a Transformer, from ids to logits, with every operation that whole sentences need. */
function layer(graph: Graph, scope: Scope) {
  const random = randomFrom(1);
  const vector = (length: number) => scope.upload('vector', [length], floats(random, length, 1));
  const matrix = (rows: number, cols: number): CsrMatrix =>
    csrFromDense(sparsify(random, floats(random, rows * cols, 1), cols, 0.2, 'scattered'), rows, cols);
  const norm = () => ({ scale: vector(HIDDEN), bias: vector(HIDDEN), epsilon: 1e-6 });
  const table = uploadWeight(scope, 'table', matrix(VOCABULARY, HIDDEN), { embedding: true });
  const ids = new Uint32Array(COLUMNS).map((_, i) => (i * 7) % VOCABULARY);
  const keyBias = graph.tensor('key bias', [1, COLUMNS]);
  const keep = graph.tensor('keep', [1, COLUMNS]);
  const embedded = embedding(graph, table, COLUMNS, {
    ids: { kind: 'sentences', ids: scope.upload('ids', [COLUMNS], ids), stride: LENGTH },
    scale: HIDDEN ** 0.5,
    timing: scope.upload('timing', [LENGTH, HIDDEN], floats(random, LENGTH * HIDDEN, 1)),
    masks: { keyBias, keep },
  });
  const projection = uploadWeight(scope, 'q, k, v', matrix(3 * HIDDEN, HIDDEN));
  const projected = product(graph, projection, layerNorm(graph, norm(), embedded));
  const shape = {
    heads: HEADS,
    headSize: HIDDEN / HEADS,
    sentences: SENTENCES,
    queries: LENGTH,
    keys: LENGTH,
  };
  const attended = attention(
    graph,
    { ...shape, causal: false, fewQueries: false },
    {
      query: { tensor: projected, row: 0 },
      key: { tensor: projected, row: HIDDEN },
      value: { tensor: projected, row: 2 * HIDDEN },
      extent: scope.upload('extent', [1], Uint32Array.of(LENGTH - 1)),
      keyBias,
    },
  );
  const mixed = product(graph, uploadWeight(scope, 'output', matrix(HIDDEN, HIDDEN)), attended, {
    residual: embedded,
    columnScale: keep,
  });
  const logits = product(graph, table, layerNorm(graph, norm(), mixed));
  return { mixed, logits };
}

for (const deviceClass of DEVICE_CLASSES) {
  test(`on a ${deviceClass}, a layer gives the same bits every time`, async () => {
    const gpu = await gpuAs(deviceClass);
    const first = await compute(gpu, layer);
    for (let time = 0; time < 2; time++) assert.deepEqual(await compute(gpu, layer), first);
    assert.ok(new Set(first.logits).size > VOCABULARY, 'there is something to compare');
  });
}

test('the kernels of a cpu and of a gpu give the same layer, but for rounding', async () => {
  const [cpu, gpu] = await Promise.all(
    DEVICE_CLASSES.map(async (deviceClass) => compute(await gpuAs(deviceClass), layer)),
  );
  for (const name of ['mixed', 'logits'] as const) {
    const [ours, theirs] = [asFloats(cpu[name]), asFloats(gpu[name])];
    const largest = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    ours.forEach((value, i) => {
      assert.ok(Math.abs(value - theirs[i]) <= 1e-5 * largest, `${name}[${i}]: ${value}, ${theirs[i]}`);
    });
  }
});
