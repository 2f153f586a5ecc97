import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareResNet } from '../../../src/train/run/prepare-resnet.ts';
import { prepareTransformer } from '../../../src/train/run/prepare-transformer.ts';
import { RESNET_PRESETS } from '../../../src/train/run/presets.ts';
import { settingsOfPublished } from '../../../src/train/run/published-settings.ts';
import type { ResNetSettings, TransformerSettings } from '../../../src/train/run/settings.ts';
import { makeShards } from '../../io/pictures/made-pictures.ts';
import { withDirectory } from '../../io/support.ts';
import { smallTransformer } from './small-runs.ts';

test('what cannot be trained is refused before a device is opened', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'dense');
    const [source] = settings.inputs;
    const [short, empty] = [join(directory, 'short'), join(directory, 'empty')];
    await writeFile(short, 'ONE\n');
    await writeFile(empty, '\n\n');
    const pruning = { technique: 'magnitude_pruning', targetSparsity: 0.5 } as const;
    const wrong: readonly (readonly [Partial<TransformerSettings>, number, RegExp])[] = [
      [{ numHeads: 3 }, 2, /3 heads do not divide 8 features/],
      [{ microBatch: 5 }, 2, /--micro-batch 5 does not divide --batch-size 48/],
      [{ packedLength: 64 }, 2, /--batch-size 48 has no room for a row of 64 tokens/],
      [{ packedLength: 24, microBatch: 12 }, 2, /--micro-batch 12 has no room for a row of 24 tokens/],
      [{ ...pruning, targetSparsity: 1 }, 2, /target sparsity.* 1/],
      [{ ...pruning, beginPruningStep: 12 }, 2, /from step 12 to 12/],
      [{ ...pruning, perLayer: [{ layer: '/q/', sparsity: 2 }] }, 2, /target of layer "\/q\/"/],
      [{ targetSparsity: 0.5 }, 2, /--target-sparsity is not for dense/],
      [{ technique: 'magnitude_pruning' }, 2, /needs the sparsity to aim at/],
      [{ technique: 'l0_regularization' }, 2, /needs the weight of its penalty/],
      [{ technique: 'l0_regularization', penaltyWeight: 1, penaltyBegin: 12 }, 2, /must end after it begins/],
      [{ learningRate: Number.NaN }, 2, /rate is NaN/],
      [{ warmupSteps: 12 }, 2, /--warmup-steps is 12; .* below --train-steps, 12/],
      [{ targets: [short] }, 3, /short: ends after 1 lines, .* goes on/],
      [{ inputs: [empty], targets: [empty] }, 3, /nothing to train on: of 2 pairs 2 have an empty side/],
      [{ inputs: [source, source] }, 2, /2 files of inputs and 1 of targets/],
      [{ batchSize: 1_000_000 }, 2, /do not fill a batch/],
      [{ vocab: join(directory, 'none') }, 3, /none: there is no such file/],
      [{ warmStartFrom: join(directory, 'none') }, 3, /none/],
    ];
    for (const [others, exitCode, message] of wrong) {
      await assert.rejects(prepareTransformer({ ...settings, ...others }), { exitCode, message });
    }
  });
});

test('what no residual network can be trained on is refused', async () => {
  await withDirectory(async (directory) => {
    const data = join(directory, 'data');
    await mkdir(data);
    await makeShards(data, [3], [], 'train');
    const settings: ResNetSettings = {
      ...RESNET_PRESETS.small,
      technique: 'dense',
      seed: 0,
      data: [data],
      batchSize: 2,
    };
    const wrong: readonly (readonly [Partial<ResNetSettings>, number, RegExp])[] = [
      [{ imageSize: 30 }, 2, /--image-size\) is 30, expected a multiple of 4/],
      [{ leastCropArea: 0 }, 2, /--least-crop-area is 0, expected a share above 0/],
      [{ mirroredShare: 2 }, 2, /--mirrored-share is 2, expected a share from 0 to 1/],
      [{ evalEvery: 5 }, 2, /to evaluate on the way, give --eval-data/],
      [{ batchSize: 64 }, 2, /3 pictures do not fill a batch of 64/],
      [{ decayEpochs: [60, 30] }, 2, /decayEpochs are 60, 30/],
      [{ data: [directory] }, 3, /has neither TFRecord files "train-\*"/],
      [{ denseLayers: ['first'], technique: 'magnitude_pruning', targetSparsity: 0.5 }, 2, /no layer first/],
    ];
    for (const [others, exitCode, message] of wrong) {
      await assert.rejects(prepareResNet({ ...settings, ...others }, { workers: 0 }), { exitCode, message });
    }
    const packed = join(directory, 'packed');
    await mkdir(packed);
    // The second of two shards is gzipped.
    await makeShards(packed, [1, 3], [], 'train');
    const refused = prepareResNet({ ...settings, data: [packed] }, { workers: 0 });
    await assert.rejects(refused, { exitCode: 2, message: /is packed, and cannot be read in any order/ });
  });
});

test('names of published checkpoints say how they were trained', () => {
  assert.deepEqual(settingsOfPublished('magnitude_pruning_0.9_0_400000_10000_0.0_0.1', 'transformer'), {
    technique: 'magnitude_pruning',
    targetSparsity: 0.9,
    beginPruningStep: 0,
    endPruningStep: 400_000,
    pruningFrequency: 10_000,
    regularization: 'label_smoothing',
  });
  const ramp = settingsOfPublished(
    'l0_regularization_0.5_cubic_100000_200000_0.000000289_0.0_0.1',
    'transformer',
  );
  assert.deepEqual([ramp.penaltyBegin, ramp.penaltyEnd, ramp.penaltyFunction], [100_000, 300_000, 'cubic']);
  const extended = settingsOfPublished('extended_threshold_0.9_8000_68000_2000_0.1', 'rn50');
  assert.deepEqual(extended.perLayer, [{ layer: 'final_dense', sparsity: 0.8 }]);
  assert.throws(() => settingsOfPublished('standard_threshold_0.9', 'rn50'), { exitCode: 2 });
});
