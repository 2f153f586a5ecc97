import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import {
  csrFromPattern,
  Graph,
  openGpu,
  product,
  readSmtx,
  Scope,
  uploadWeight,
  writeSmtx,
} from 'tsos/sparse';

await writeSmtx('pattern.smtx', {
  rows: 2,
  cols: 3,
  rowOffsets: Uint32Array.of(0, 1, 3),
  columns: Uint32Array.of(1, 0, 2),
});
const pattern = await readSmtx('pattern.smtx');
await rm('pattern.smtx');

await using gpu = await openGpu();
using scope = new Scope(gpu);
const weight = uploadWeight(scope, 'A', csrFromPattern(pattern, [2, 3, 4])); // [2, 3]
const x = scope.upload(
  'x',
  [3, 4],
  Float32Array.from({ length: 12 }, (_, i) => i),
);
const graph = new Graph(gpu, 'one product');
const y = product(graph, weight, x); // [2, 4]
using plan = await graph.plan();
plan.run();
assert.deepEqual([...(await plan.read(y))], [8, 10, 12, 14, 32, 39, 46, 53]);
console.log('tsos/sparse multiplies a pattern that it wrote and read');
