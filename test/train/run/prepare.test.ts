import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeTfRecords } from '../../../src/io/records/tfrecord.ts';
import { loadVocabulary } from '../../../src/io/text/load-vocabulary.ts';
import { prepareResNet } from '../../../src/train/run/prepare-resnet.ts';
import { prepareTransformer } from '../../../src/train/run/prepare-transformer.ts';
import { RESNET_PRESETS } from '../../../src/train/run/presets.ts';
import { settingsOfPublished } from '../../../src/train/run/published-settings.ts';
import { pruningNotes } from '../../../src/train/run/schedules.ts';
import type { ResNetSettings, TransformerSettings } from '../../../src/train/run/settings.ts';
import { readCorpus } from '../../../src/train/text/corpus.ts';
import { packedRow } from '../../../src/train/text/pack-rows.ts';
import { PackedRows } from '../../../src/train/text/packed-rows.ts';
import { makeFiles, makeShards } from '../../io/pictures/made-pictures.ts';
import { withDirectory } from '../../io/support.ts';
import { packedExample, pairExample } from '../text/examples.ts';
import { smallTransformer, type TextSettings } from './small-runs.ts';

const NO_TEXTS = { inputs: undefined, targets: undefined, packedLength: undefined };

test('records, packed or not, give the batches of the texts that they were made from', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'dense');
    const [pairs, rows] = ['x-train-00000-of-00001', 'rows'].map((name) => join(directory, name));
    const vocabulary = await loadVocabulary(settings.vocab);
    const { corpus } = await readCorpus(settings, { vocabulary, maxLength: 24 });
    await writeTfRecords(
      pairs,
      Array.from({ length: corpus.pairs }, (_, i) => pairExample(corpus.pair(i))),
    );
    await writePackedRecords(settings, 24, rows);
    const same: readonly (readonly [Partial<TransformerSettings>, Partial<TransformerSettings>])[] = [
      [{}, { data: [directory] }],
      [{ packedLength: 24 }, { packedLength: 24, data: [pairs] }],
      // Rows are as they were packed, however long those of the device are.
      [{ packedLength: 24 }, { packedLength: 24, data: [rows] }],
    ];
    for (const [ofTexts, ofRecords] of same) {
      const texts = await prepareTransformer({ ...settings, ...ofTexts });
      const records = await prepareTransformer({ ...settings, ...NO_TEXTS, ...ofRecords });
      assert.deepEqual([records.data.pairs, records.data.rows], [texts.data.pairs, texts.data.rows]);
      for (const step of [0, texts.batchesPerEpoch]) {
        assert.deepEqual(await records.batchAt(step), await texts.batchAt(step));
      }
    }
    const unpacked = await prepareTransformer({ ...settings, ...NO_TEXTS, data: [rows], packedLength: 0 });
    assert.equal((await unpacked.batchAt(0)).parts[0].isPacked, false);
    const kept = await prepareTransformer({
      ...settings,
      ...NO_TEXTS,
      data: [rows],
      batchSize: 512,
      packedLength: undefined,
    });
    assert.equal((await kept.batchAt(0)).parts[0].room.length, 256);
    assert.match(kept.notes.join(), /packed into \d+ rows of 256 tokens, which they fill to \d/);
  });
});

test('what cannot be trained is refused before a device is opened', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'dense');
    const [source] = settings.inputs;
    const [short, empty] = [join(directory, 'short'), join(directory, 'empty')];
    await writeFile(short, 'ONE\n');
    await writeFile(empty, '\n\n');
    const rows = join(directory, 'rows');
    await writePackedRecords(settings, 24, rows);
    const pruning = { technique: 'magnitude_pruning', targetSparsity: 0.5 } as const;
    const penalised = { technique: 'variational_dropout', penaltyWeight: 1e-5 } as const;
    const wrong: readonly (readonly [Partial<TransformerSettings>, number, RegExp])[] = [
      [{ numHeads: 3 }, 2, /3 heads do not divide 8 features/],
      [{ microBatch: 5 }, 2, /--micro-batch 5 does not divide --batch-size 48/],
      [{ packedLength: 64 }, 2, /--batch-size 48 has no room for a row of 64 tokens/],
      [{ packedLength: 24, microBatch: 12 }, 2, /--micro-batch 12 has no room for a row of 24 tokens/],
      [{ ...pruning, targetSparsity: 1 }, 2, /target sparsity.* 1/],
      [{ ...pruning, beginPruningStep: 12 }, 2, /from step 12 to 12/],
      [{ ...pruning, perLayer: [{ layer: '/q/', sparsity: 2 }] }, 2, /target of layer "\/q\/"/],
      [{ ...pruning, perLayer: [{ layer: 'softmx', sparsity: 0.5 }] }, 2, /there is no layer "softmx"/],
      [{ targetSparsity: 0.5 }, 2, /--target-sparsity is not for dense/],
      [{ technique: 'magnitude_pruning' }, 2, /needs the sparsity to aim at/],
      [{ technique: 'l0_regularization' }, 2, /needs the weight of its penalty/],
      [{ technique: 'l0_regularization', penaltyWeight: 1, penaltyBegin: 12 }, 2, /must end after it begins/],
      [{ ...penalised, initialLogAlpha: 1 }, 2, /--initial-log-alpha is not for variational_dropout/],
      [{ auxiliaryRateScale: 2 }, 2, /--auxiliary-rate-scale is not for dense/],
      [{ ...penalised, auxiliaryRateScale: 0 }, 2, /--auxiliary-rate-scale is 0, expected a number above 0/],
      [{ learningRate: Number.NaN }, 2, /rate is NaN/],
      [{ learningRateSchedule: 'rsqrt_decay', learningRate: -1 }, 2, /constant is -1/],
      [{ learningRateSchedule: 'legacy', warmupSteps: 0 }, 2, /warmup is 0/],
      [{ warmupSteps: 12 }, 2, /--warmup-steps is 12; .* below --train-steps, 12/],
      [{ data: [source] }, 2, /^inputs is given beside data; give texts or records/],
      [{ inputs: undefined }, 2, /^inputs is missing; give inputs and targets, which are texts, or data/],
      [{ ...NO_TEXTS, data: [source] }, 3, /is it a TFRecord file/],
      [{ ...NO_TEXTS, data: [directory] }, 3, /has no TFRecord files "\*-train-\*"/],
      [{ ...NO_TEXTS, data: [rows], packedLength: 8 }, 3, /record 0: its row has \d+ tokens, .* room for 8/],
      [{ ...NO_TEXTS, data: [rows] }, 2, /--batch-size 48 has no room for a row of 256 tokens/],
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
    // Folders would number the classes by themselves.
    const folders = { train: ['cat', 'cow', 'dog'], other: ['cow', 'dog'], same: ['cat', 'cow', 'dog'] };
    const [train, other, same] = await Promise.all(
      Object.entries(folders).map(async ([name, classes]) => {
        for (const each of classes) {
          await mkdir(join(directory, name, each), { recursive: true });
          await makeFiles(join(directory, name, each), ['a.jpg']);
        }
        return join(directory, name);
      }),
    );
    const classified = { ...settings, data: [train] };
    await assert.rejects(prepareResNet({ ...classified, evalData: [other] }, { workers: 0 }), {
      exitCode: 2,
      message: /training has others: cat only there, none only here; give both the same folders/,
    });
    await (await prepareResNet({ ...classified, evalData: [same] }, { workers: 0 })).close();
    const packed = join(directory, 'packed');
    await mkdir(packed);
    // The second of two shards is gzipped.
    await makeShards(packed, [1, 3], [], 'train');
    const refused = prepareResNet({ ...settings, data: [packed] }, { workers: 0 });
    await assert.rejects(refused, { exitCode: 2, message: /is packed, and cannot be read in any order/ });
  });
});

test('pruning that does not come to its target is told of', () => {
  const settings: ResNetSettings = {
    ...RESNET_PRESETS.small,
    technique: 'magnitude_pruning',
    targetSparsity: 0.9,
    trainSteps: 3000,
    seed: 0,
    data: ['unread'],
  };
  assert.deepEqual(pruningNotes(settings), []);
  assert.deepEqual(pruningNotes({ ...settings, technique: 'dense', targetSparsity: undefined }), []);
  // Cubic, from 0 to 3000: 0.9 (1 − (1 − 2/3)³) at step 2000.
  assert.match(
    pruningNotes({ ...settings, pruningFrequency: 1000 }).join(),
    /at step 2000 for the last time, which drop 86\.7 % of a layer, not 90\.0 %/,
  );
  for (const never of [
    { beginPruningStep: 40_000, endPruningStep: 76_000, pruningFrequency: 2000 },
    { endPruningStep: 400, pruningFrequency: 500 },
  ]) {
    assert.match(
      pruningNotes({ ...settings, ...never }).join(),
      /nothing will be pruned: .* at step \d+ first/,
    );
  }
});

test('names of published checkpoints say how they were trained', () => {
  assert.deepEqual(settingsOfPublished('magnitude_pruning_0.9_0_400000_10000_0.0_0.1', 'transformer'), {
    technique: 'magnitude_pruning',
    targetSparsity: 0.9,
    beginPruningStep: 0,
    endPruningStep: 400_000,
    pruningFrequency: 10_000,
    optimizer: 'adam',
    learningRateSchedule: 'rsqrt',
    learningRate: 2,
    warmupSteps: 8000,
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

/** The records of a packed problem of Tensor2Tensor. */
async function writePackedRecords(settings: TextSettings, length: number, file: string): Promise<void> {
  const vocabulary = await loadVocabulary(settings.vocab);
  const { corpus } = await readCorpus(settings, { vocabulary, maxLength: length });
  const rows = PackedRows.packed(corpus, length);
  const records = Array.from({ length: rows.count }, (_, row) =>
    packedExample(packedRow(Array.from(rows.row(row), (pair) => corpus.pair(pair))), { length }),
  );
  await writeTfRecords(file, records);
}
