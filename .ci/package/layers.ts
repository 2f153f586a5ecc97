import assert from 'node:assert/strict';
import { denseTensor, differentiation, Graph, openGpu, pruning, randomKey, Scope } from 'tsos/layers';

const layer = new pruning.FullyConnected(2, 3, { key: randomKey(1) });
assert.deepEqual(layer.evaluate(denseTensor([1, 2], [1, -1])).shape, [1, 3]);

await using gpu = await openGpu();
using scope = new Scope(gpu);
const x = scope.upload('x', [2, 2], Float32Array.of(1, 2, 3, 4));
const graph = new Graph(gpu, 'sum of squares');
const tape = new differentiation.Tape(graph);
const loss = differentiation.sum(tape, differentiation.square(tape, x));
const [gradient] = tape.gradients(loss, [x]);
assert.ok(gradient);
using plan = await graph.plan();
plan.run();
assert.deepEqual([...(await plan.read(gradient))], [2, 4, 6, 8]);
console.log('tsos/layers differentiates on the device');
