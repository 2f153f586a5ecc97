import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TECHNIQUES, type Technique } from '../../src/base/technique.ts';
import { csrToDense } from '../../src/graph/weights/csr.ts';
import { readEffectiveMatrix } from '../../src/layers/effective-weights.ts';
import { biasName, embeddingSite, layerSites } from '../../src/layers/transformer-sites.ts';
import { openManifest } from '../support/manifest.ts';
import { type MemoryTensor, memoryCheckpoint } from '../support/memory-checkpoint.ts';
import { sharedTest } from '../support/shared.ts';

const Q = 'sparse_transformer/body/encoder/layer_0/self_attention/multihead_attention/q';
const CONV1 = 'sparse_transformer/body/encoder/layer_0/ffn/conv1';
const SHARED = 'sparse_transformer/symbol_modality_300_64/shared';

for (const technique of TECHNIQUES) {
  sharedTest(
    `${technique}: every name lies in a checkpoint written by the original, and the matrices have their shapes`,
    ['goldens', 'transformer', 'small', technique, 'manifest.json'],
    async (path) => {
      const checkpoint = await openManifest(path);
      const [site] = layerSites(checkpoint, CONV1, technique);
      const conv1 = await readEffectiveMatrix(checkpoint, site, technique, {
        transpose: true,
        threshold: 2.5,
      });
      assert.deepEqual([conv1.rows, conv1.cols], [128, 64]);
      assert.deepEqual(checkpoint.info(biasName(checkpoint, CONV1, technique)).shape, [128]);
      const embedding = await readEffectiveMatrix(
        checkpoint,
        embeddingSite(checkpoint, SHARED, technique),
        technique,
        {
          threshold: 2.5,
        },
      );
      assert.deepEqual([embedding.rows, embedding.cols], [300, 64]);
      assert.equal(embedding.rowStart[44], embedding.rowStart[43], 'row 43 is zero in all of these goldens');
    },
  );
}

test('the mask of the embedding is found behind two slashes or one', () => {
  for (const mask of [`${SHARED}//mask`, `${SHARED}/mask`]) {
    const checkpoint = memoryCheckpoint({ [`${SHARED}/weights_0`]: matrix(2, 2), [mask]: matrix(2, 2) });
    assert.deepEqual(embeddingSite(checkpoint, SHARED, 'random_pruning').companions, [mask]);
  }
});

test('shards of the embedding are counted, each with its own auxiliary variable', () => {
  const shards = Array.from({ length: 12 }, (_, i) => `${SHARED}/weights_${i}`);
  const names = shards.flatMap((name) => [name, `${name}_aux`]);
  const checkpoint = memoryCheckpoint(Object.fromEntries(names.map((name) => [name, matrix(1, 2)])));
  assert.deepEqual(embeddingSite(checkpoint, SHARED, 'l0_regularization'), {
    weights: shards,
    companions: shards.map((name) => `${name}_aux`),
  });
});

test('a pruned embedding in shards, some without rows, has one mask for all', async () => {
  const checkpoint = memoryCheckpoint({
    [`${SHARED}/weights_0`]: { shape: [1, 2], data: Float32Array.of(1, 2) },
    [`${SHARED}/weights_1`]: { shape: [0, 2], data: new Float32Array(0) },
    [`${SHARED}/weights_2`]: { shape: [2, 2], data: Float32Array.of(3, 4, 5, 6) },
    [`${SHARED}//mask`]: { shape: [3, 2], data: Float32Array.of(1, 0, 0, 1, 1, 1) },
  });
  const site = embeddingSite(checkpoint, SHARED, 'magnitude_pruning');
  const csr = await readEffectiveMatrix(checkpoint, site, 'magnitude_pruning');
  assert.deepEqual([...csrToDense(csr)], [1, 0, 0, 4, 5, 6]);
});

test('heads that were split are put side by side on the output axis', async () => {
  const tensors: Record<string, MemoryTensor> = {};
  for (let head = 0; head < 2; head++) {
    tensors[`${Q}_shard_${head}/kernel`] = {
      shape: [2, 2],
      data: Float32Array.of(1, 2, 3, 4).map((x) => x + 10 * head),
    };
    tensors[`${Q}_shard_${head}/mask`] = { shape: [2, 2], data: Float32Array.of(1, 1, 1, head) };
  }
  const checkpoint = memoryCheckpoint(tensors);
  const technique: Technique = 'magnitude_pruning';
  const csr = await readEffectiveMatrix(checkpoint, layerSites(checkpoint, Q, technique), technique, {
    transpose: true,
  });
  assert.deepEqual([...csrToDense(csr)], [1, 3, 2, 0, 11, 13, 12, 14]);
});

test('a layer that is not there is asked for by its usual name', async () => {
  const checkpoint = memoryCheckpoint({});
  for (const [technique, name] of [
    ['magnitude_pruning', `${Q}/fully_connected/weights`],
    ['variational_dropout', `${Q}/kernel`],
  ] as const) {
    const sites = layerSites(checkpoint, Q, technique);
    await assert.rejects(readEffectiveMatrix(checkpoint, sites, technique), new RegExp(`no tensor ${name}`));
  }
});

function matrix(rows: number, cols: number): MemoryTensor {
  return { shape: [rows, cols], data: new Float32Array(rows * cols) };
}
