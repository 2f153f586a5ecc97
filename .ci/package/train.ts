import assert from 'node:assert/strict';
import { openCheckpoint } from 'tsos';
import { differentiation, Graph, openGpu, optimisers, randomKey, Scope, uploadKey } from 'tsos/layers';
import {
  allocateBatch,
  drawnNoise,
  loadTrainableTransformer,
  transformerTrainingGraph,
  writeBatch,
} from 'tsos/train';

await using gpu = await openGpu();
await using checkpoint = await openCheckpoint('node_modules/tsos/demo/transformer.tar.gz');
using scope = new Scope(gpu);
const model = await loadTrainableTransformer(scope, checkpoint);
const batch = allocateBatch(scope, model.config, { sentences: 1, sourceLength: 3, targetLength: 3 });
writeBatch(gpu, batch, [[5, 6, 1]], [[7, 8, 1]]);
const graph = new Graph(gpu, 'training step');
const { loss, parameters, gradients } = transformerTrainingGraph(
  new differentiation.Tape(graph),
  model,
  batch,
  {
    labelSmoothing: 0.1,
    clipAlpha: 8,
    penaltyWeight: scope.upload('penalty weight', [1], Float32Array.of(0)),
    noise: drawnNoise(graph, uploadKey(scope, randomKey(1))),
  },
);
const adam = new optimisers.Adam(scope);
optimisers.applyGradients(graph, adam, parameters, gradients);
using plan = await graph.plan();
const losses: number[] = [];
for (let step = 0; step < 3; step++) {
  adam.prepare(0.001);
  plan.run();
  losses.push(...(await plan.read(loss)));
}
const [first = NaN, , last = NaN] = losses;
assert.ok(last < first, losses.join(', '));
console.log(
  `tsos/train lowers the loss from ${first.toFixed(3)} to ${last.toFixed(3)} in ${losses.length - 1} steps`,
);
