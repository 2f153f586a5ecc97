import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError, UsageError } from '../../../src/base/errors.ts';
import type { Checkpoint } from '../../../src/io/checkpoint/checkpoint-types.ts';
import type { NamedTensor } from '../../../src/io/checkpoint/write-checkpoint.ts';
import { readEffectiveMatrix } from '../../../src/layers/effective-weights.ts';
import {
  type PrunedLayer,
  type PruneOptions,
  pruneCheckpoint,
} from '../../../src/layers/pruning/prune-checkpoint.ts';
import { checkpointSparsity } from '../../../src/metrics/sparsity.ts';
import { loadTransformer } from '../../../src/models/transformer/model.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { openManifest } from '../../support/manifest.ts';
import { type MemoryTensor, memoryCheckpoint } from '../../support/memory-checkpoint.ts';
import { holds } from '../../support/property.ts';
import { floats, randomFrom } from '../../support/random.ts';
import { sharedPath, sharedTest } from '../../support/shared.ts';
import { assertSameTensor } from '../../support/tensors.ts';
import { tinyTransformer, WORKED_EXAMPLE } from '../../support/tiny-transformer.ts';

const sparsity = fc.float({ min: 0, max: Math.fround(0.98), noNaN: true });

test('every layer of a Transformer keeps exactly its largest weights, and everything else is passed on', async () => {
  await holds(
    fc.asyncProperty(sparsity, fc.nat(90), async (sparsity, salt) => {
      const dense = tinyTransformer('dense', WORKED_EXAMPLE, salt);
      const { checkpoint, layers } = await pruned(dense, { sparsity });
      const expected = tinyTransformer('magnitude_pruning', WORKED_EXAMPLE, salt);
      assert.deepEqual(
        checkpoint.names(),
        [
          ...expected.names(),
          ...expected
            .names()
            .filter(isMask)
            .map((name) => name.replace(/mask$/, 'threshold')),
        ].sort(),
      );
      for (const name of expected.names().filter((name) => !isMask(name))) {
        assertSameTensor(await checkpoint.read(name), await expected.read(name), name);
      }
      const counted = await checkpointSparsity(checkpoint);
      assert.deepEqual(
        counted.layers.map(({ nonzero, total }) => [nonzero, total]),
        layers.map(({ kept, total }) => [kept, total]),
      );
      for (const { name, kept, threshold } of layers) {
        const weights = (await checkpoint.read(name)).data as Float32Array;
        assert.equal(kept, keptBySorting(weights, sparsity), name);
        const { data: mask } = await checkpoint.read(
          name.replace(/weights(_0)?$/, (_, shard) => (shard ? '/mask' : 'mask')),
        );
        assert.ok(
          weights.every((weight, i) => mask[i] === (Math.abs(weight) >= threshold ? 1 : 0)),
          name,
        );
        const stored = await checkpoint.read(
          name.replace(/weights(_0)?$/, (_, shard) => (shard ? '/threshold' : 'threshold')),
        );
        assert.deepEqual([stored.shape, stored.data[0]], [[], threshold]);
      }
    }),
    20,
  );
});

test('random pruning keeps exact counts, differs between layers and seeds, and repeats', async () => {
  const dense = tinyTransformer('dense');
  const masks = async (seed: number) => {
    const { checkpoint, layers } = await pruned(dense, { sparsity: 0.75, rule: { method: 'random' }, seed });
    for (const { kept, total, threshold } of layers) assert.deepEqual([kept, threshold], [total / 4, 0]);
    const names = checkpoint.names().filter(isMask);
    return Promise.all(names.map(async (name) => (await checkpoint.read(name)).data.join('')));
  };
  const [first, again, other] = [await masks(1), await masks(1), await masks(2)];
  assert.deepEqual(first, again);
  assert.equal(new Set([...first, ...other]).size, first.length + other.length);
});

test('layers can have targets of their own', async () => {
  const layerTargets = [
    { layer: 'ffn/conv1', sparsity: 0.5 },
    { layer: /attention\/q\/|shared/, sparsity: 0 },
  ];
  const { layers } = await pruned(tinyTransformer('dense'), { sparsity: 0.75, layerTargets });
  for (const { name, target, kept, total } of layers) {
    const share = name.includes('conv1') ? 0.5 : /\/q\/|shared/.test(name) ? 0 : 0.75;
    assert.deepEqual([target, kept], [share, total * (1 - share)], name);
  }
});

test('a pruned Transformer computes what the dense one computes with its small weights made 0', async () => {
  const dense = tinyTransformer('dense');
  const { checkpoint, layers } = await pruned(dense, { sparsity: 0.6 });
  const thresholds = new Map(
    layers.map(({ name, threshold }) => [name.replace('fully_connected/weights', 'kernel'), threshold]),
  );
  const zeroed: Record<string, MemoryTensor> = {};
  for (const name of dense.names()) {
    const { shape, data } = await dense.read(name);
    const threshold = thresholds.get(name) ?? 0;
    zeroed[name] = {
      shape,
      data: (data as Float32Array).map((weight) => (Math.abs(weight) < threshold ? 0 : weight)),
    };
  }
  const gpu = await testGpu();
  using expected = await loadTransformer(gpu, memoryCheckpoint(zeroed), { heads: 2 });
  using actual = await loadTransformer(gpu, checkpoint, { heads: 2 });
  const ids = [[3, 5, 1]];
  assert.deepEqual(await actual.logits(ids, ids), await expected.logits(ids, ids));
});

test('shards of an embedding are ranked together and have one mask', async () => {
  const shared = 'transformer/symbol_modality_30_4/shared';
  const random = randomFrom(1);
  const parts = [8, 8, 14].map((rows) => ({ shape: [rows, 4], data: floats(random, rows * 4, 2) }));
  const dense = memoryCheckpoint(
    Object.fromEntries(parts.map((part, i) => [`${shared}/weights_${i}`, part])),
  );
  const { checkpoint, layers } = await pruned(dense, { sparsity: 0.75 });
  const names = ['/mask', '/threshold', 'weights_0', 'weights_1', 'weights_2'];
  assert.deepEqual(
    checkpoint.names(),
    names.map((leaf) => `${shared}/${leaf}`),
  );
  assert.deepEqual(
    layers.map(({ name, kept }) => [name, kept]),
    [[`${shared}/weights_0`, 30]],
  );
  assert.deepEqual(checkpoint.info(`${shared}//mask`).shape, [30, 4]);
  const site = {
    weights: names.slice(2).map((leaf) => `${shared}/${leaf}`),
    companions: [`${shared}//mask`],
  };
  const { nnz, values } = await readEffectiveMatrix(checkpoint, site, 'magnitude_pruning');
  assert.equal(nnz, 30);
  assert.ok(values.every((value) => value === 0 || Math.abs(value) >= layers[0].threshold));
});

test('heads of their own are masked in place; slots of the optimizer follow their variables', async () => {
  const scope = 'transformer/body/encoder/layer_0';
  const head = `${scope}/self_attention/multihead_attention/q_shard_1`;
  const matrix = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
  const { checkpoint } = await pruned(
    memoryCheckpoint(
      Object.fromEntries(
        [
          `${head}/kernel`,
          `training/${head}/kernel/Adam`,
          `${scope}/ffn/conv1/kernel`,
          `${scope}/ffn/conv1/bias`,
          `training/${scope}/ffn/conv1/kernel/Adam_1`,
          `training/${scope}/ffn/conv1/bias/Adam`,
          'resnet_model/final_dense/final_dense/weights',
          'resnet_model/final_dense/final_dense/weights/Momentum',
          'resnet_model/final_dense/final_dense/biases/Momentum',
          'resnet_model/final_dense/final_dense/biases',
        ].map((name) => [name, matrix]),
      ),
    ),
    { sparsity: 0.5 },
  );
  const masked = [`${scope}/ffn/conv1/fully_connected`, 'resnet_model/final_dense'];
  assert.deepEqual(
    checkpoint.names(),
    [
      ...[`${head}/kernel`, `training/${head}/kernel/Adam`, `${head}/mask`, `${head}/threshold`],
      ...masked.flatMap((layer) =>
        ['weights', 'biases', 'mask', 'threshold'].map((leaf) => `${layer}/${leaf}`),
      ),
      `training/${masked[0]}/weights/Adam_1`,
      `training/${masked[0]}/biases/Adam`,
      `${masked[1]}/weights/Momentum`,
      `${masked[1]}/biases/Momentum`,
    ].sort(),
  );
});

test('variables of any name are passed on, line ends in it too', async () => {
  const matrix = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
  const others = ['note\n', 'a\nb/c', '/', 'training/'];
  const dense = memoryCheckpoint(
    Object.fromEntries(
      [...others, 'resnet_model/final_dense/final_dense/weights'].map((name) => [name, matrix]),
    ),
  );
  const { checkpoint } = await pruned(dense, { sparsity: 0.5 });
  for (const name of others) assertSameTensor(await checkpoint.read(name), await dense.read(name), name);
});

sharedTest(
  'a pruned ResNet has the variables of the original’s pruned one, whatever its layers are called',
  ['goldens', 'resnet50', 'A_small', 'baseline_d50_w8', 'manifest.json'],
  async (path) => {
    const dense = await openManifest(path);
    const original = await openManifest(
      sharedPath('goldens', 'resnet50', 'A_small', 'threshold_d50_w8_sharded3', 'manifest.json'),
    );
    const { checkpoint, layers } = await pruned(dense, { sparsity: 0.9 });
    // The step of the last mask update is for training alone.
    const names = original.names().filter((name) => !name.startsWith('model_pruning/'));
    assert.deepEqual(checkpoint.names(), names);
    for (const name of names) assert.deepEqual(checkpoint.info(name).shape, original.info(name).shape, name);
    assert.equal(
      (await checkpointSparsity(checkpoint)).nonzero,
      layers.reduce((sum, { kept }) => sum + kept, 0),
    );
    for (const prefix of ['$1', '$1/resnet_model/$1']) {
      const other = await renamed(dense, (name) =>
        name.replace(/([^/]+)\/\1(?=\/(weights|biases)\b)/, prefix),
      );
      assert.notDeepEqual(other.names(), dense.names());
      assert.deepEqual((await pruned(other, { sparsity: 0.9 })).checkpoint.names(), names);
    }
  },
);

sharedTest(
  'a pruned Transformer has the variables of the original’s pruned one',
  ['goldens', 'transformer', 'small', 'dense', 'manifest.json'],
  async (path) => {
    const original = await openManifest(
      sharedPath('goldens', 'transformer', 'small', 'magnitude_pruning', 'manifest.json'),
    );
    const { checkpoint } = await pruned(await openManifest(path), { sparsity: 0.9 });
    const ofModel = (names: string[]) => names.filter((name) => name.startsWith('sparse_transformer/'));
    const thresholds = ofModel(checkpoint.names()).filter((name) => name.endsWith('threshold'));
    assert.equal(thresholds.length, 33);
    assert.deepEqual(
      new Set(ofModel(checkpoint.names())),
      new Set([...ofModel(original.names()), ...thresholds].filter((name) => !/weights_[1-9]/.test(name))),
    );
  },
);

test('variables are read one by one, as they are asked for', async () => {
  const dense = tinyTransformer('dense');
  let reads = 0;
  let given = 0;
  const read = (name: string) => {
    reads++;
    return dense.read(name);
  };
  const watched = { ...dense, read };
  for await (const _ of pruneCheckpoint(watched, { sparsity: 0.5 })) {
    given++;
    assert.ok(reads <= given);
  }
  assert.equal(reads, dense.names().length);
});

test('what cannot be pruned is refused before anything is read', async () => {
  const dense = tinyTransformer('dense');
  const unreadable = { ...dense, read: () => assert.fail('read') };
  const wrong: [Checkpoint, Partial<PruneOptions>, typeof UsageError | typeof DataError, RegExp][] = [
    [unreadable, { sparsity: 1 }, UsageError, /sparsity 1: must be at least 0 and below 1/],
    [unreadable, { sparsity: Number.NaN }, UsageError, /sparsity NaN/],
    [unreadable, { seed: -1 }, UsageError, /random seed -1/],
    [unreadable, { rule: { method: 'magnitude', decay: 1 } }, UsageError, /threshold decay 1/],
    [
      unreadable,
      { layerTargets: [{ layer: 'conv3', sparsity: 0.5 }] },
      UsageError,
      /no layer "conv3".*17 layers/,
    ],
    [
      unreadable,
      { layerTargets: [{ layer: 'conv1', sparsity: 1 }] },
      UsageError,
      /target of layer "conv1": 1/,
    ],
    [
      unreadable,
      { layerTargets: ['conv1', 'ffn'].map((layer) => ({ layer, sparsity: 0.5 })) },
      UsageError,
      /conv1\/fully_connected\/weights has the targets of both "conv1" and "ffn"/,
    ],
    [tinyTransformer('magnitude_pruning'), {}, UsageError, /is sparse already \(magnitude_pruning\)/],
    [tinyTransformer('l0_regularization'), {}, UsageError, /is sparse already \(l0_regularization\)/],
    [
      memoryCheckpoint({ 'other/kernel': { shape: [1, 1], data: Float32Array.of(1) } }),
      {},
      DataError,
      /no layer of a/,
    ],
  ];
  for (const [checkpoint, options, kind, message] of wrong) {
    assert.throws(
      () => pruneCheckpoint(checkpoint, { sparsity: 0.5, ...options }),
      (error: Error) => error instanceof kind && message.test(error.message),
    );
  }
});

test('weights that are no finite float32 are refused when they are read', async () => {
  const name = 'resnet_model/final_dense/final_dense/weights';
  const bad: [MemoryTensor, RegExp][] = [
    [{ shape: [2], data: Float32Array.of(1, Number.NaN) }, /final_dense\/weights element 1 is NaN/],
    [
      { dtype: 'float64', shape: [2], data: Float64Array.of(1, 2) },
      /weights is float64, weights must be float32/,
    ],
  ];
  for (const [tensor, message] of bad) {
    await assert.rejects(
      pruned(memoryCheckpoint({ [name]: tensor }), { sparsity: 0.5 }),
      (error: Error) => error instanceof DataError && message.test(error.message),
    );
  }
});

async function pruned(
  dense: Checkpoint,
  options: PruneOptions,
): Promise<{ checkpoint: Checkpoint; layers: PrunedLayer[] }> {
  const layers: PrunedLayer[] = [];
  const tensors = pruneCheckpoint(dense, { ...options, onLayer: (layer) => layers.push(layer) });
  return { checkpoint: await inMemory(tensors), layers };
}

async function renamed(checkpoint: Checkpoint, rename: (name: string) => string): Promise<Checkpoint> {
  const tensors: NamedTensor[] = [];
  for (const name of checkpoint.names())
    tensors.push({ ...(await checkpoint.read(name)), name: rename(name) });
  return inMemory(tensors);
}

async function inMemory(tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>): Promise<Checkpoint> {
  const byName: Record<string, MemoryTensor> = {};
  for await (const { name, ...tensor } of tensors) {
    assert.ok(!(name in byName), name);
    byName[name] = tensor;
  }
  return memoryCheckpoint(byName);
}

/** How many weights are at least as large as the last of the share that stays, from a sorted list. */
function keptBySorting(weights: Float32Array, sparsity: number): number {
  const sorted = [...weights].map(Math.abs).sort((a, b) => b - a);
  const share = Math.fround(1 - Math.fround(sparsity));
  const count = Math.floor(Math.fround(weights.length * share));
  return count === 0 ? 0 : sorted.filter((magnitude) => magnitude >= sorted[count - 1]).length;
}

function isMask(name: string): boolean {
  return name.endsWith('/mask');
}
