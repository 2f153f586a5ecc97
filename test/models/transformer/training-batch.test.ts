import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFloats, readWords, Scope } from '../../../src/graph/device/scope.ts';
import { uploadVariables } from '../../../src/models/training/variables.ts';
import {
  allocateBatch,
  writeBatch,
  writePackedBatch,
} from '../../../src/models/transformer/training-batch.ts';
import { packedRow } from '../../../src/train/text/pack-rows.ts';
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

test('in packed rows every target begins with padding, counts from 0, and has a number of its own', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const batch = allocateBatch(
    scope,
    { hidden: 9 },
    { ...SHAPE, sourceLength: 5, targetLength: 6, packed: true },
  );
  const one = { inputs: [5, 6, 1], targets: [8, 1] };
  const other = { inputs: [7, 1], targets: [9, 4, 1] };
  writePackedBatch(gpu, batch, [packedRow([one, other]), packedRow([other])]);
  const { sources, targets, labels, labelWeights } = batch;
  const words = async (tensor: typeof labels, count: number) => [...(await readWords(gpu, tensor, count))];
  assert.deepEqual(await words(sources.ids, 10), [5, 6, 1, 7, 1, 7, 1, 0, 0, 0]);
  assert.deepEqual(await words(sources.segments!, 10), [1, 1, 1, 2, 2, 1, 1, 0, 0, 0]);
  assert.deepEqual(await words(sources.positions, 10), [0, 1, 2, 0, 1, 0, 1, 0, 0, 0]);
  assert.deepEqual(await words(labels, 12), [8, 1, 9, 4, 1, 0, 9, 4, 1, 0, 0, 0]);
  assert.deepEqual(await words(targets.ids, 12), [0, 8, 0, 9, 4, 0, 0, 9, 4, 0, 0, 0]);
  assert.deepEqual(await words(targets.segments!, 12), [1, 1, 2, 2, 2, 0, 1, 1, 1, 0, 0, 0]);
  assert.deepEqual(await words(targets.positions, 12), [0, 1, 0, 1, 2, 0, 0, 1, 2, 0, 0, 0]);
  assert.deepEqual([...(await readFloats(gpu, labelWeights, 12))], [1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0]);
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
  assert.throws(() => writePackedBatch(gpu, batch, [packedRow([]), packedRow([])]), {
    name: 'UsageError',
    message: /^packed rows for a batch of sentences/,
  });
  const packed = allocateBatch(scope, { hidden: 4 }, { ...SHAPE, packed: true });
  assert.throws(() => writeBatch(gpu, packed, [[1], [1]], [[1], [1]]), {
    name: 'UsageError',
    message: /^sentences for a batch of packed rows/,
  });
  const long = packedRow([
    { inputs: [2, 1], targets: [1] },
    { inputs: [2, 1], targets: [1] },
  ]);
  assert.throws(() => writePackedBatch(gpu, packed, [packedRow([]), long]), {
    name: 'UsageError',
    message: 'source row 1 has 4 tokens, the batch has room for 3',
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
