import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  constant,
  denseTensor,
  differentiation,
  filledTensor,
  Graph,
  l0Regularization,
  openGpu,
  optimisers,
  pruning,
  randomKey,
  randomNumbers,
  Scope,
  UsageError,
  uploadKey,
  variationalDropout,
} from '../../src/layers.ts';

test('layers of all techniques run forward and backward as references', () => {
  const x = denseTensor(
    [2, 6],
    Float64Array.from({ length: 12 }, (_, i) => Math.sin(i)),
  );
  const dy = filledTensor([2, 3], 1);
  const key = randomKey(1);
  const variational = new variationalDropout.FullyConnected(6, 3, { key });
  const gated = new l0Regularization.FullyConnected(6, 3, { key });
  for (const layer of [variational, gated]) {
    const y = layer.train(x, randomKey(2));
    assert.deepEqual(y.shape, [2, 3]);
    assert.deepEqual(layer.trainGradients(dy, x, randomKey(2)).x.shape, [2, 6]);
    assert.ok(Number.isFinite(layer.penalty().data[0]));
  }
  const masked = new pruning.FullyConnected(6, 3, { key });
  assert.deepEqual(masked.evaluate(x).shape, [2, 3]);
  assert.throws(() => masked.evaluate(filledTensor([2, 5], 1)), UsageError);
});

test('a training step on a device lowers a loss that one call reads', async () => {
  await using gpu = await openGpu({ allowSoftware: true });
  using scope = new Scope(gpu);
  const weights = scope.upload('weights', [4, 3], new Float32Array(constant(0.5)([4, 3], randomKey(1)).data));
  const logSigma2 = scope.upload('log sigma2', [4, 3], new Float32Array(12).fill(-8));
  const x = scope.upload(
    'x',
    [4, 4],
    Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)),
  );
  const key = uploadKey(scope, randomKey(3));
  const graph = new Graph(gpu, 'step');
  const tape = new differentiation.Tape(graph);
  const { matmulTrain } = variationalDropout.onDevice;
  const noise = randomNoise(graph, key);
  const y = matmulTrain(tape, x, [weights, logSigma2], noise);
  const loss = differentiation.sum(tape, differentiation.square(tape, y));
  const adam = new optimisers.Adam(scope);
  optimisers.applyGradients(graph, adam, [weights], tape.gradients(loss, [weights]));
  using plan = await graph.plan();
  const losses: number[] = [];
  for (let step = 0; step < 3; step++) {
    adam.prepare(0.05);
    plan.run();
    const [value] = await plan.read(loss);
    losses.push(value);
  }
  assert.ok(losses[1] < losses[0] && losses[2] < losses[1], losses.join(', '));
});

function randomNoise(graph: Graph, key: ReturnType<typeof uploadKey>) {
  return randomNumbers(graph, key, [3, 4], { distribution: 'normal', order: 'column-major', stream: 0 });
}
