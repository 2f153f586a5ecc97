import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  csrFromDense,
  csrFromPattern,
  csrToDense,
  eachElement,
  type Gpu,
  Graph,
  kernel,
  linearGrid,
  openGpu,
  product,
  readFloats,
  readSmtx,
  Scope,
  type SparsePattern,
  UsageError,
  uploadWeight,
  writeSmtx,
  writeTensor,
} from '../../src/sparse.ts';

let gpu: Gpu;

before(async () => {
  gpu = await openGpu({ allowSoftware: true });
});

after(() => gpu.close());

/** `[3, 5]`, the places of six nonzeros. */
const PATTERN: SparsePattern = {
  rows: 3,
  cols: 5,
  rowOffsets: Uint32Array.of(0, 2, 2, 6),
  columns: Uint32Array.of(0, 4, 0, 1, 2, 3),
};
const VALUES = [1, 2, 3, 4, 5, 6];

test('a pattern from a file, with values, times a matrix', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tsos-door-'));
  try {
    const path = join(directory, 'pattern.smtx');
    await writeSmtx(path, PATTERN);
    const matrix = csrFromPattern(await readSmtx(path), VALUES);
    assert.deepEqual([...csrToDense(matrix)], [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3, 4, 5, 6, 0]);
    assert.deepEqual(matrix, csrFromDense(csrToDense(matrix), 3, 5));

    using scope = new Scope(gpu);
    const x = scope.upload(
      'x',
      [5, 4],
      Float32Array.from({ length: 20 }, (_, i) => i),
    );
    const results: Float32Array[] = [];
    for (const format of ['sparse', 'dense'] as const) {
      const graph = new Graph(gpu, 'product');
      const weight = uploadWeight(scope, 'W', matrix, { format, bias: Float32Array.of(0, 7, 0) });
      const result = product(graph, weight, x);
      using plan = await graph.plan();
      plan.run();
      results.push(await plan.read(result));
    }
    const expected = [32, 35, 38, 41, 7, 7, 7, 7, 128, 146, 164, 182];
    assert.deepEqual(
      results.map((values) => [...values]),
      [expected, expected],
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a pattern takes one value for each place', () => {
  assert.throws(() => csrFromPattern(PATTERN, [1]), UsageError);
});

test('a kernel of one’s own runs on tensors that are written and read', async () => {
  const doubled = kernel({
    name: 'doubled',
    parameters: [{ name: 'count', type: 'u32' }],
    bindings: [
      { name: 'x', element: 'f32', access: 'read' },
      { name: 'y', element: 'f32', access: 'read_write' },
    ],
    body: eachElement('params.count', '  y[i] = 2.0 * x[i];'),
  });
  using scope = new Scope(gpu);
  const x = scope.tensor('x', [5]);
  const graph = new Graph(gpu, 'doubling twice');
  const once = graph.tensor('once', [5]);
  const twice = graph.tensor('twice', [5]);
  graph.dispatch(doubled, linearGrid(5), { count: 5 }, { x, y: once });
  graph.dispatch(doubled, linearGrid(5), { count: 5 }, { x: once, y: twice });
  graph.keep(once);
  using plan = await graph.plan();
  for (const values of [
    [1, 2, 3, 4, 5],
    [6, 7, 8, 9, 0],
  ]) {
    writeTensor(gpu, x, Float32Array.from(values));
    plan.run();
    assert.deepEqual(
      [...(await plan.read(twice))],
      values.map((value) => 4 * value),
    );
    assert.deepEqual(
      [...(await plan.read(once))],
      values.map((value) => 2 * value),
    );
    assert.deepEqual([...(await readFloats(gpu, x))], values);
  }
});
