import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError } from '../../src/base/errors.ts';
import type { Technique } from '../../src/base/technique.ts';
import { checkpointSparsity } from '../../src/metrics/sparsity.ts';
import fc from '../support/fast-check.ts';
import { readJson, readText } from '../support/files.ts';
import { openManifest } from '../support/manifest.ts';
import { type MemoryTensor, memoryCheckpoint } from '../support/memory-checkpoint.ts';
import { sharedTest } from '../support/shared.ts';

/** How each technique writes a layer in which given weights are kept; dropped ones get what the technique drops. */
const LAYERS: Record<Technique, (name: string, kept: boolean[]) => Record<string, MemoryTensor>> = {
  dense: (name, kept) => ({ [`${name}/kernel`]: row(kept, 0.5, 0) }),
  magnitude_pruning: (name, kept) => ({
    [`${name}/weights`]: row(kept, 0, 0.5),
    [`${name}/mask`]: row(kept, 1, 0),
  }),
  random_pruning: (name, kept) => ({
    [`${name}/weights`]: row(kept, 0, 0.5),
    [`${name}/mask`]: row(kept, 1, 0),
  }),
  variational_dropout: (name, kept) => ({
    [`${name}/kernel`]: row(kept, 1, 1),
    [`${name}/log_sigma2`]: row(kept, 2.9, 3.1),
  }),
  l0_regularization: (name, kept) => ({
    [`${name}/kernel`]: row(kept, 0, 0.5),
    [`${name}/log_alpha`]: row(kept, -2.3, -2.5),
  }),
};

/** What the tests read of goldens.json. */
interface Golden {
  readonly config: { readonly log_alpha_threshold?: number };
  readonly checkpoint_sparsity: number;
  readonly sparsity: { readonly nonzero: number; readonly total: number; readonly percent: number };
}

const layer = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
const layers = fc.array(layer, { minLength: 1, maxLength: 6 });

for (const technique of Object.keys(LAYERS) as Technique[]) {
  test(`${technique}: each layer counts what it keeps, and the whole is the mean weighted by size`, async () => {
    await fc.assert(
      fc.asyncProperty(layers, async (kept) => {
        const tensors = Object.assign(
          {},
          ...kept.map((weights, i) => LAYERS[technique](`layer_${i}`, weights)),
        );
        const checkpoint = memoryCheckpoint(
          { ...tensors, ...unrelated(tensors) },
          { pieceElements: (name) => (name.length % 7) + 1 },
        );
        const result = await checkpointSparsity(checkpoint, { technique });
        assert.equal(result.technique, technique);
        assert.deepEqual(
          result.layers.map(({ nonzero, total }) => [nonzero, total]),
          kept.map((weights) => [weights.filter(Boolean).length, weights.length]),
        );
        const weighted = result.layers.reduce((sum, layer) => sum + layer.sparsity * layer.total, 0);
        assert.ok(Math.abs(result.sparsity - weighted / result.total) < 1e-9);
        assert.equal(result.sparsity, 1 - kept.flat().filter(Boolean).length / kept.flat().length);
      }),
      { numRuns: 50 },
    );
  });
}

test('the technique is recognised, and the threshold that was applied is told', async () => {
  const vd = await checkpointSparsity(memoryCheckpoint(LAYERS.variational_dropout('a', [true, false])));
  assert.deepEqual([vd.technique, vd.threshold, vd.sparsity], ['variational_dropout', 3, 0.5]);
  const l0 = await checkpointSparsity(memoryCheckpoint(LAYERS.l0_regularization('a', [true, false])));
  assert.deepEqual([l0.technique, 'threshold' in l0, l0.sparsity], ['l0_regularization', false, 0.5]);
});

test('a higher threshold never drops a weight that a lower one keeps', async () => {
  const value = fc.float({ min: -9, max: 9, noNaN: true });
  const weights = fc.array(fc.tuple(value, value), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(weights, value, value, async (pairs, a, b) => {
      const checkpoint = memoryCheckpoint({
        'x/kernel': { shape: [pairs.length], data: Float32Array.from(pairs, (pair) => pair[0]) },
        'x/log_sigma2': { shape: [pairs.length], data: Float32Array.from(pairs, (pair) => pair[1]) },
      });
      const low = await checkpointSparsity(checkpoint, { logAlphaThreshold: Math.min(a, b) });
      const high = await checkpointSparsity(checkpoint, { logAlphaThreshold: Math.max(a, b) });
      assert.ok(low.nonzero <= high.nonzero);
    }),
  );
});

test('variational dropout finds its weights by the names of either model, and those of shards', async () => {
  const data = Float32Array.of(1, 1, 1, 1);
  const logSigma2 = Float32Array.of(0, 0, 9, 9);
  const shape = [2, 2];
  const transformer = memoryCheckpoint({
    'log_sigma2/log_sigma2': { shape, data: logSigma2 },
    'kernel/kernel': { shape, data },
    'shared/weights_0': { shape, data },
    'shared/weights_0_aux': { shape, data: logSigma2 },
  });
  assert.equal((await checkpointSparsity(transformer)).sparsity, 0.5);
  const rn50 = memoryCheckpoint({ 'a/log_sigma2': { shape, data: logSigma2 }, 'a/weights': { shape, data } });
  assert.equal((await checkpointSparsity(rn50, { model: 'rn50' })).sparsity, 0.5);
  assert.equal((await checkpointSparsity(rn50)).sparsity, 0.5);
  await assert.rejects(checkpointSparsity(rn50, { model: 'transformer' }), /no tensor a\/kernel/);
});

test('checkpoints without anything to count, without companions or with unequal ones are refused', async () => {
  const shape = [3];
  const data = new Float32Array(3);
  await assert.rejects(
    checkpointSparsity(memoryCheckpoint({ bias: { shape, data } })),
    (error) =>
      error instanceof DataError && /kernel, weights or weights_<number>, or only/.test(error.message),
  );
  await assert.rejects(
    checkpointSparsity(memoryCheckpoint({ mask: { shape: [0], data: new Float32Array(0) } })),
    /no weights of magnitude_pruning .*no variable whose name ends in mask, or only empty ones/,
  );
  const dense = memoryCheckpoint(LAYERS.dense('a', [true]));
  await assert.rejects(
    checkpointSparsity(dense, { technique: 'l0_regularization' }),
    /no weights of l0_regularization/,
  );
  const alone = memoryCheckpoint({ 'a/log_sigma2': { shape, data } });
  await assert.rejects(checkpointSparsity(alone), DataError);
  for (const length of [2, 4]) {
    const unequal = memoryCheckpoint({
      'a/log_sigma2': { shape, data },
      'a/kernel': { shape: [length], data: new Float32Array(length) },
    });
    await assert.rejects(checkpointSparsity(unequal), /has more elements than/);
  }
});

for (const technique of [
  'magnitude_pruning',
  'random_pruning',
  'variational_dropout',
  'l0_regularization',
] as const) {
  sharedTest(
    `${technique}: a small Transformer has the sparsity, layer by layer, that the original tool prints`,
    ['goldens', 'transformer', 'small', technique],
    async (folder) => {
      const golden = await readJson<Golden>(`${folder}/goldens.json`);
      const checkpoint = await openManifest(`${folder}/manifest.json`);
      const result = await checkpointSparsity(checkpoint, { technique, ...thresholdOf(golden.config) });
      assert.equal(100 * result.sparsity, golden.checkpoint_sparsity);
      const printed = await readText(`${folder}/checkpoint_sparsity.txt`);
      const lines = printed.split('\n').filter((line) => line.startsWith('Layer: '));
      const ours = result.layers.map(
        (layer) => `Layer: ${layer.name}, sparsity ${(100 * layer.sparsity).toFixed(6)}`,
      );
      if (technique !== 'variational_dropout') assert.deepEqual(ours, lines);
      assert.ok(printed.includes(`global sparsity = ${100 * result.sparsity}%`));
    },
  );
}

for (const [name, technique, percent] of [
  ['extended_d50_w8', 'magnitude_pruning', 84.96055478445462],
  ['l0_regularization_d50_w8', 'l0_regularization', 29.053552168338793],
  ['threshold_d34_w8', 'magnitude_pruning', 69.91230135373749],
  ['variational_dropout_d50_w8', 'variational_dropout', 42.744306965953726],
] as const) {
  sharedTest(
    `${name}: a narrow ResNet has the sparsity that the original tool prints`,
    ['goldens', 'resnet50', 'A_small', name, 'manifest.json'],
    async (path) => {
      const options = { model: 'rn50', logAlphaThreshold: 0.5 } as const;
      const result = await checkpointSparsity(await openManifest(path), options);
      assert.deepEqual([result.technique, 100 * result.sparsity], [technique, percent]);
    },
  );
}

sharedTest(
  'a full-size Transformer has the sparsity that was counted when it was made',
  ['goldens', 'transformer', 'full', 'magnitude_pruning_0.9'],
  async (folder) => {
    const golden = (await readJson<Golden>(`${folder}/goldens.json`)).sparsity;
    const result = await checkpointSparsity(await openManifest(`${folder}/manifest.json`));
    const { nonzero, total, sparsity } = result;
    assert.deepEqual({ nonzero, total, percent: 100 * sparsity }, golden);
  },
);

sharedTest(
  'variational dropout decides on all 25.5 million weights of a full-size ResNet as TensorFlow does',
  ['goldens', 'resnet50', 'B_full', 'variational_dropout', 'manifest.json'],
  async (path) => {
    const options = { model: 'rn50', logAlphaThreshold: 0.5 } as const;
    const { sparsity } = await checkpointSparsity(await openManifest(path), options);
    assert.equal(100 * sparsity, 42.775432860372966);
  },
);

function row(kept: boolean[], ifKept: number, ifDropped: number): MemoryTensor {
  return { shape: [1, kept.length], data: Float32Array.from(kept, (keep) => (keep ? ifKept : ifDropped)) };
}

/** Variables that no technique counts: slots of the optimizer for each of the given, biases, a counter. */
function unrelated(tensors: Record<string, MemoryTensor>): Record<string, MemoryTensor> {
  const zeros: MemoryTensor = { shape: [3], data: new Float32Array(3) };
  const names = Object.keys(tensors).flatMap((name) => [`training/${name}/Adam`, `${name}/Momentum`]);
  return Object.fromEntries(
    [...names, 'layer_0/bias', 'layer_norm/layer_norm_scale'].map((name) => [name, zeros]),
  );
}

function thresholdOf(config: { log_alpha_threshold?: number }) {
  return config.log_alpha_threshold === undefined ? {} : { logAlphaThreshold: config.log_alpha_threshold };
}
