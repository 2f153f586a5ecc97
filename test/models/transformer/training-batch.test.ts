import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFloats, readWords, Scope } from '../../../src/graph/device/scope.ts';
import { uploadVariables } from '../../../src/models/training/variables.ts';
import { allocateBatch, writeBatch } from '../../../src/models/transformer/training-batch.ts';
import { testGpu } from '../../support/gpu.ts';
import { memoryCheckpoint } from '../../support/memory-checkpoint.ts';

const SHAPE = { sentences: 2, sourceLength: 3, targetLength: 4 };

test('the decoder reads targets moved on by one; padding has no weight and no scale', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const batch = allocateBatch(scope, { hidden: 9 }, SHAPE);
  writeBatch(
    gpu,
    batch,
    [[5, 6, 1], [7]],
    [
      [8, 9, 4, 1],
      [3, 1],
    ],
  );
  const words = async (tensor: typeof batch.labels) => [...(await readWords(gpu, tensor, 8))];
  assert.deepEqual([...(await readWords(gpu, batch.sources.ids, 6))], [5, 6, 1, 7, 0, 0]);
  assert.deepEqual(await words(batch.labels), [8, 9, 4, 1, 3, 1, 0, 0]);
  assert.deepEqual(await words(batch.targets.ids), [0, 8, 9, 4, 0, 3, 1, 0]);
  assert.deepEqual([...(await readFloats(gpu, batch.labelWeights, 8))], [1, 1, 1, 1, 1, 1, 0, 0]);
  assert.deepEqual([...(await readFloats(gpu, batch.targets.scale, 8))], [0, 3, 3, 3, 0, 3, 3, 0]);
});

test('sentences that do not fit are refused', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const batch = allocateBatch(scope, { hidden: 4 }, SHAPE);
  const write = (sources: number[][], targets: number[][]) => () => writeBatch(gpu, batch, sources, targets);
  assert.throws(write([[1], [2, 3, 4, 1]], [[1], [1]]), {
    name: 'UsageError',
    message: 'source sentence 1 has 4 tokens, the batch has room for 3',
  });
  assert.throws(write([[1], [1]], [[1]]), {
    name: 'UsageError',
    message: '1 target sentences for a batch of 2',
  });
});

test('what an optimiser keeps is no variable of the model', async () => {
  using scope = new Scope(await testGpu());
  const tensor = { shape: [2], data: Float32Array.of(1, 2) };
  const variables = await uploadVariables(
    scope,
    memoryCheckpoint({ 'a/w': tensor, 'a/w/Momentum': tensor, 'training/a/w/Adam': tensor }),
  );
  assert.deepEqual([...variables.tensors.keys()], ['a/w']);
  assert.throws(() => variables.trainable('a/v'), {
    name: 'UsageError',
    message: 'the model on the device has no variable a/v',
  });
});
