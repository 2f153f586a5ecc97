import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { TECHNIQUES, type Technique } from '../../../src/base/technique.ts';
import type { Checkpoint } from '../../../src/io/checkpoint/checkpoint-types.ts';
import { freshResNet } from '../../../src/models/fresh/fresh-resnet.ts';
import { freshTransformer } from '../../../src/models/fresh/fresh-transformer.ts';
import { readConfig as readResNetConfig } from '../../../src/models/resnet50/config.ts';
import { readConfig as readTransformerConfig } from '../../../src/models/transformer/config.ts';
import { openManifest } from '../../support/manifest.ts';
import { sharedTest } from '../../support/shared.ts';

const GOLDENS = ['goldens'];
const FULL_SIZE = [
  {
    parts: ['transformer', 'full', 'magnitude_pruning_0.9'],
    fresh: freshTransformer,
    technique: 'magnitude_pruning',
  },
  {
    parts: ['resnet50', 'B_full', 'threshold_magnitude_0.9'],
    fresh: freshResNet,
    technique: 'magnitude_pruning',
  },
  {
    parts: ['resnet50', 'B_full', 'variational_dropout'],
    fresh: freshResNet,
    technique: 'variational_dropout',
  },
] as const;

for (const { parts, fresh, technique } of FULL_SIZE) {
  sharedTest(
    `a fresh model has the variables of ${parts.join('/')}`,
    [...GOLDENS, ...parts, 'manifest.json'],
    async (path) => {
      const reference = await openManifest(path);
      const names = reference.names();
      const checkpoint = fresh({ technique });
      // Counters that only training keeps; goldens of evaluation have none, or the first.
      const own = checkpoint
        .names()
        .filter((name) => names.includes(name) || !/(^|_)(global_)?step$/.test(name));
      assert.deepEqual(own, names);
      for (const name of names) assert.deepEqual(checkpoint.info(name), reference.info(name));
    },
  );
}

/** Of small models of every technique that training was recorded of, in the original's own words. */
const SMALL = [
  ['transformer', 'training', 'dense', 'dense'],
  ['transformer', 'training', 'magnitude_pruning', 'magnitude_pruning'],
  ['transformer', 'training', 'variational_dropout', 'variational_dropout'],
  ['transformer', 'training', 'l0_regularization', 'l0_regularization'],
] as const;

for (const [model, kind, folder, technique] of SMALL) {
  sharedTest(
    `a fresh ${technique} Transformer has what the original's training graph has`,
    [...GOLDENS, model, kind, folder, 'manifest.json'],
    async (path) => {
      const reference = await openManifest(path);
      const config = await readTransformerConfig(reference, { heads: 1 });
      const size = {
        hidden: config.hidden,
        filter: filterOf(reference),
        vocabulary: config.vocabulary,
        layers: config.encoderLayers,
      };
      const checkpoint = freshTransformer({ technique, size });
      for (const name of reference.names()) {
        // What optimisers and penalty schedules keep comes with them.
        if (/^training\/|dkl_weight$|\/Adam(_1)?$|beta\d_power$/.test(name)) continue;
        assert.deepEqual(checkpoint.info(name), reference.info(name));
      }
    },
  );
}

describe('fresh models', () => {
  const transformer = (technique: Technique, seed = 0) =>
    freshTransformer({ technique, seed, size: { hidden: 32, filter: 48, vocabulary: 300, layers: 1 } });
  const resNet = (technique: Technique, seed = 0) =>
    freshResNet({ technique, seed, size: { depth: 18, width: 8, classes: 20 } });

  it('are what their loaders take them for', async () => {
    for (const technique of TECHNIQUES.filter((each) => each !== 'random_pruning')) {
      const config = await readTransformerConfig(transformer(technique), { heads: 4 });
      assert.equal(config.technique, technique);
      assert.deepEqual([config.hidden, config.vocabulary], [32, 300]);
      assert.equal(filterOf(transformer(technique)), 48);
      const network = await readResNetConfig(resNet(technique), {});
      assert.deepEqual([network.technique, network.depth, network.classes], [technique, 18, 20]);
    }
    const deeper = await readResNetConfig(freshResNet({ technique: 'dense', size: { depth: 34 } }), {});
    assert.equal(deeper.depth, 34);
  });

  it('begin with the same weights whatever the technique, with others by another seed', async () => {
    const weightsOf = async (checkpoint: Checkpoint, pattern: RegExp) =>
      (await checkpoint.read(checkpoint.names().find((name) => pattern.test(name))!)).data;
    for (const [make, pattern] of [
      [transformer, /layer_0\/ffn\/conv2\/.*(kernel|weights)$/],
      [resNet, /residual_2_block_group3_1_1\/weights$/],
    ] as const) {
      const reference = await weightsOf(make('dense'), pattern);
      for (const technique of TECHNIQUES) {
        assert.deepEqual(await weightsOf(make(technique), pattern), reference);
        assert.notDeepEqual(await weightsOf(make(technique, 1), pattern), reference);
      }
    }
  });

  it('draw from the distributions of the original', async () => {
    const of = async (checkpoint: Checkpoint, name: string) =>
      (await checkpoint.read(name)).data as Float32Array;
    const top = 'sparse_transformer';
    const sparse = transformer('l0_regularization');
    const kernel = await of(sparse, `${top}/body/encoder/layer_0/ffn/conv1/kernel`);
    isEven(kernel, Math.sqrt(6 / (32 + 48)));
    isEven(await of(sparse, `${top}/body/target_space_embedding/kernel`), Math.sqrt(6 / (32 + 32)));
    isNormal(await of(sparse, `${top}/symbol_modality_300_32/shared/weights_0`), 0, 1 / Math.sqrt(32));
    isNormal(await of(sparse, `${top}/symbol_modality_300_32/shared/weights_0_aux`), 2.197, 0.01);
    const norm = `${top}/body/encoder/layer_0/ffn/layer_prepostprocess/layer_norm/layer_norm`;
    isConstant(await of(sparse, `${norm}_scale`), 1);
    isConstant(await of(sparse, `${norm}_bias`), 0);
    isConstant(await of(sparse, `${top}/body/encoder/layer_0/ffn/conv1/bias`), 0);
    isConstant(
      await of(transformer('variational_dropout'), `${top}/body/encoder/layer_0/ffn/conv1/log_sigma2`),
      -10,
    );

    const network = resNet('variational_dropout');
    const scope = 'resnet_model/residual_2_block_group3_1_1/resnet_model/residual_2_block_group3_1_1';
    const fanIn = 9 * 32;
    const convolution = await of(network, `${scope}/weights`);
    const bound = (2 * Math.sqrt(1 / fanIn)) / 0.8796256610342398;
    assert.ok(convolution.every((value) => Math.abs(value) <= bound * (1 + 1e-6)));
    assert.ok(Math.max(...convolution) > 0.98 * bound);
    hasMoments(convolution, 0, Math.sqrt(1 / fanIn));
    isConstant(await of(network, `${scope}/log_sigma2`), -15);
    isNormal(await of(network, 'resnet_model/final_dense/resnet_model/final_dense/weights'), 0, 0.01);
    isConstant(await of(network, 'resnet_model/batch_normalization_3/moving_variance'), 1);
    isConstant(await of(network, 'resnet_model/batch_normalization_3/moving_mean'), 0);
  });

  it('are larger where few weights will stay', async () => {
    const size = { hidden: 64, filter: 64, vocabulary: 500, layers: 1 };
    const pruned = freshTransformer({ technique: 'magnitude_pruning', size, initialSparsity: 0.75 });
    const site = 'sparse_transformer/body/encoder/layer_0/ffn/conv1/fully_connected/weights';
    isEven((await pruned.read(site)).data as Float32Array, 2 * Math.sqrt(6 / 128));
    const table = 'sparse_transformer/symbol_modality_500_64/shared/weights_0';
    isNormal((await pruned.read(table)).data as Float32Array, 0, 2 / 8);
    const network = freshResNet({
      technique: 'magnitude_pruning',
      size: { depth: 18, width: 16, classes: 20 },
      initialSparsity: 0.5,
      denseLayers: ['initial_conv'],
    });
    const kernel = 'resnet_model/residual_2_block_group3_1_1/weights';
    isNormal((await network.read(kernel)).data as Float32Array, 0, Math.sqrt(2 / (9 * 64 * 0.5)));
    assert.ok(network.names().includes('resnet_model/initial_conv/initial_conv/weights'));
    assert.ok(!network.names().some((name) => name.startsWith('resnet_model/initial_conv/mask')));
  });

  it('refuse what cannot be', () => {
    assert.throws(() => freshTransformer({ technique: 'dense', size: { hidden: 0 } }), UsageError);
    assert.throws(() => freshTransformer({ technique: 'dense', initialSparsity: 0.5 }), UsageError);
    assert.throws(() => freshTransformer({ technique: 'magnitude_pruning', initialSparsity: 1 }), UsageError);
    assert.throws(() => freshResNet({ technique: 'dense', size: { depth: 19 as 18 } }), UsageError);
    assert.throws(
      () => freshResNet({ technique: 'l0_regularization', denseLayers: ['initial_conv'] }),
      UsageError,
    );
    assert.throws(
      () => freshResNet({ technique: 'magnitude_pruning', denseLayers: ['last_conv'] }),
      UsageError,
    );
    assert.throws(() => freshResNet({ technique: 'pruning' as Technique }), UsageError);
  });
});

/** Features between the two layers of a feed-forward part. */
function filterOf(checkpoint: Checkpoint): number {
  const kernel = checkpoint.names().find((name) => /\/conv1\/(.*\/)?(kernel|weights)$/.test(name))!;
  return checkpoint.info(kernel).shape[1];
}

function isConstant(values: Float32Array, value: number): void {
  assert.ok(values.length > 0 && values.every((each) => each === Math.fround(value)));
}

/** Even in ±limit: bounds that are nearly reached, and the moments. */
function isEven(values: Float32Array, limit: number): void {
  const largest = Math.max(...values.map(Math.abs));
  assert.ok(largest <= limit * (1 + 1e-6) && largest > 0.98 * limit, `${largest} of ${limit}`);
  hasMoments(values, 0, limit / Math.sqrt(3));
}

function isNormal(values: Float32Array, mean: number, deviation: number): void {
  hasMoments(values, mean, deviation);
  const within = values.filter((value) => Math.abs(value - mean) < deviation).length / values.length;
  assert.ok(Math.abs(within - 0.6827) < 5 * Math.sqrt(0.217 / values.length), `${within} within a deviation`);
}

/** Within five standard errors. */
function hasMoments(values: Float32Array, mean: number, deviation: number): void {
  const count = values.length;
  const average = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / count;
  assert.ok(
    Math.abs(average - mean) < (5 * deviation) / Math.sqrt(count),
    `mean ${average}, expected ${mean}`,
  );
  const error = Math.abs(Math.sqrt(variance) / deviation - 1);
  assert.ok(error < 5 / Math.sqrt(count), `deviation ${Math.sqrt(variance)}, expected ${deviation}`);
}
