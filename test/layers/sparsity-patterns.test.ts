import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError } from '../../src/base/errors.ts';
import { readPattern, sparsifiedMatrices } from '../../src/layers/sparsity-patterns.ts';
import { checkpointSparsity } from '../../src/metrics/sparsity.ts';
import { readTestPattern } from '../support/files.ts';
import { openManifest } from '../support/manifest.ts';
import { memoryCheckpoint } from '../support/memory-checkpoint.ts';
import { sharedPath, sharedTest } from '../support/shared.ts';
import { tinyTransformer } from '../support/tiny-transformer.ts';

const TECHNIQUES = [
  'magnitude_pruning',
  'random_pruning',
  'variational_dropout',
  'l0_regularization',
] as const;

for (const technique of TECHNIQUES) {
  test(`${technique}: patterns have what sparsity counts, matrices turned round, the embedding not`, async () => {
    const checkpoint = tinyTransformer(technique);
    const matrices = sparsifiedMatrices(checkpoint, technique);
    const { layers } = await checkpointSparsity(checkpoint, { technique, logAlphaThreshold: 1 });
    assert.equal(matrices.length, layers.length);
    for (const [i, matrix] of matrices.entries()) {
      const { rows, cols, rowOffsets, columns } = await readPattern(checkpoint, matrix, technique, 1);
      assert.equal(matrix.site.companions[0], layers[i].name);
      assert.deepEqual(
        [columns.length, rowOffsets[rows], rows * cols],
        [layers[i].nonzero, layers[i].nonzero, layers[i].total],
      );
      const [inputs, outputs] = checkpoint.info(layers[i].name).shape;
      assert.deepEqual([rows, cols], matrix.transpose ? [outputs, inputs] : [inputs, outputs]);
      assert.equal(matrix.transpose, !matrix.name.startsWith('symbol_modality'));
    }
  });
}

test('kept weights belong to the pattern also where they are 0', async () => {
  const shape = [2, 3];
  const weights = { shape, data: Float32Array.of(0, 1, 1, 0, 0, 1) };
  const pruned = memoryCheckpoint({
    'resnet_model/final_dense/weights': weights,
    'resnet_model/final_dense/mask': { shape, data: Float32Array.of(1, 0, 1, 0, 1, 0) },
  });
  const gated = memoryCheckpoint({
    'resnet_model/final_dense/weights': weights,
    'resnet_model/final_dense/log_alpha': { shape, data: Float32Array.of(1, -3, 1, -3, 0, -3) },
  });
  for (const [checkpoint, technique] of [
    [pruned, 'magnitude_pruning'],
    [gated, 'l0_regularization'],
  ] as const) {
    const [matrix] = sparsifiedMatrices(checkpoint, technique);
    assert.equal(matrix.name, 'final_dense');
    assert.deepEqual(await readPattern(checkpoint, matrix, technique), {
      rows: 3,
      cols: 2,
      rowOffsets: Uint32Array.of(0, 1, 2, 3),
      columns: Uint32Array.of(0, 1, 0),
    });
  }
});

test('one mask of an embedding in shards is one pattern', async () => {
  const shared = 'transformer/symbol_modality_3_2/shared';
  const part = (rows: number) => ({ shape: [rows, 2], data: new Float32Array(2 * rows) });
  const checkpoint = memoryCheckpoint({
    [`${shared}/weights_0`]: part(2),
    [`${shared}/weights_1`]: part(1),
    [`${shared}//mask`]: { shape: [3, 2], data: Float32Array.of(1, 0, 0, 0, 1, 1) },
  });
  const [matrix] = sparsifiedMatrices(checkpoint, 'random_pruning');
  assert.equal(matrix.name, 'symbol_modality_3_2_shared_');
  assert.deepEqual([...(await readPattern(checkpoint, matrix, 'random_pruning')).columns], [0, 0, 1]);
});

test('dense checkpoints and companions without weights are refused', () => {
  assert.throws(() => sparsifiedMatrices(tinyTransformer('dense'), 'dense'), /no sparsified matrix/);
  const alone = memoryCheckpoint({ 'a/mask': { shape: [1, 1], data: Float32Array.of(1) } });
  assert.throws(
    () => sparsifiedMatrices(alone, 'magnitude_pruning'),
    (error: Error) => error instanceof DataError && /no weights beside a\/mask/.test(error.message),
  );
});

for (const [golden, folder, count] of [
  ['resnet50/B_full/threshold_magnitude_0.9', 'rn50/magnitude_pruning/0.9', 54],
  ['transformer/full/magnitude_pruning_0.9', 'transformer/magnitude_pruning/0.9', 97],
] as const) {
  sharedTest(
    `${folder}: names and patterns of the collection come out of the masks it was made from`,
    ['goldens', ...golden.split('/'), 'manifest.json'],
    async (path) => {
      const checkpoint = await openManifest(path);
      const matrices = sparsifiedMatrices(checkpoint, 'magnitude_pruning');
      assert.equal(matrices.length, count);
      // The golden's embedding has a mask of its own making; large layers would take long.
      const small = matrices.filter(({ site }) => checkpoint.info(site.weights[0]).byteLength <= 2 ** 20);
      assert.ok(small.length > 20);
      for (const matrix of small.filter((_, i) => i % 6 === 0)) {
        const expected = await readTestPattern(
          sharedPath('data', 'dlmc', ...folder.split('/'), `${matrix.name}.smtx.gz`),
        );
        assert.deepEqual(await readPattern(checkpoint, matrix, 'magnitude_pruning'), expected, matrix.name);
      }
    },
  );
}

sharedTest(
  'the files of variational dropout and L0 regularisation have the names of the collection',
  ['data', 'dlmc', 'dlmc.csv'],
  async () => {
    const names = async (golden: string, technique: 'variational_dropout' | 'l0_regularization') =>
      sparsifiedMatrices(
        await openManifest(sharedPath('goldens', ...golden.split('/'), 'manifest.json')),
        technique,
      ).map(({ name }) => name);
    const resnet = await names('resnet50/A_small/variational_dropout_d50_w8', 'variational_dropout');
    assert.equal(resnet.length, 54);
    for (const name of resnet)
      sharedPath('data', 'dlmc', 'rn50', 'variational_dropout', '0.9', `${name}.smtx.gz`);
    const transformer = await names('transformer/small/l0_regularization', 'l0_regularization');
    for (const name of transformer.filter((name) => name.startsWith('body'))) {
      sharedPath('data', 'dlmc', 'transformer', 'l0_regularization', '0.9', `${name}.smtx.gz`);
    }
  },
);
