import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { TECHNIQUES } from '../../../src/base/technique.ts';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { openPictures } from '../../../src/io/pictures/open-pictures.ts';
import { checkpointSparsity } from '../../../src/metrics/sparsity.ts';
import { evaluate } from '../../../src/models/resnet50/evaluate.ts';
import { loadResNet50 } from '../../../src/models/resnet50/model.ts';
import { prepareTraining } from '../../../src/train/run/prepare-training.ts';
import type { TrainingSettings } from '../../../src/train/run/settings.ts';
import { type TrainInFolderOptions, trainInFolder } from '../../../src/train/run/train-in-folder.ts';
import { type MetricsRecord, readMetrics } from '../../../src/train/watch/metrics-file.ts';
import { makeShards } from '../../io/pictures/made-pictures.ts';
import { withDirectory } from '../../io/support.ts';
import { testGpu } from '../../support/gpu.ts';
import { smallResNet, smallTransformer } from './small-runs.ts';

for (const technique of TECHNIQUES) {
  test(`${technique}: interrupted at any step and gone on with, a training is the same to the bit`, async () => {
    await withDirectory(async (directory) => {
      const settings = await smallTransformer(directory, technique);
      const [whole, parts] = ['whole', 'parts'].map((name) => join(directory, name));
      const { metrics } = await train(settings, whole);
      const [first] = (await readFile(join(whole, 'metrics.jsonl'), 'utf8')).split('\n');
      assert.ok(metrics.crossEntropy < JSON.parse(first).crossEntropy, `${first} … ${metrics.crossEntropy}`);
      for (const at of [1, 7, 8, 10]) {
        await assert.rejects(train(settings, parts, { resume: at > 1, ...interruptedAt(at) }), /stopped/);
      }
      const { resumedFrom } = await train(settings, parts, { resume: true });
      assert.equal(resumedFrom, 10);
      assert.deepEqual(await kept(parts), await kept(whole));
    });
  });
}

test('on packed rows, in parts, a training is the same to the bit too', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'variational_dropout', {
      packedLength: 12,
      microBatch: 24,
    });
    await assertSameWhenResumed(directory, settings);
  });
});

test('with Adafactor and the legacy schedule it is the same to the bit too, and its slots are TensorFlow’s', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'magnitude_pruning', {
      optimizer: 'adafactor',
      learningRateSchedule: 'legacy',
      learningRate: 0.001,
      warmupSteps: 4,
    });
    const whole = await assertSameWhenResumed(directory, settings);
    await using checkpoint = await openCheckpoint(whole);
    const names = checkpoint.names();
    assert.ok(!names.some((name) => /\/Adam|beta/.test(name)));
    for (const name of names) {
      const { shape, dtype } = checkpoint.info(name);
      if (name.startsWith('training/') || dtype !== 'float32' || /(mask|threshold)$/.test(name)) continue;
      const slots = names.filter((each) => each.startsWith(`training/${name}/`));
      const shapes = slots.map((slot) => [
        slot.slice(`training/${name}/`.length),
        checkpoint.info(slot).shape,
      ]);
      const expected =
        shape.length === 2
          ? [
              ['Adafactor', [shape[0]]],
              ['Adafactor_1', [shape[1]]],
            ]
          : [['Adafactor', shape]];
      assert.deepEqual(shapes, expected, name);
    }
  });
});

test('a residual network, in parts, is the same to the bit too', async () => {
  for (const technique of ['magnitude_pruning', 'variational_dropout'] as const) {
    await withDirectory(async (directory) => {
      const settings = await smallResNet(directory, technique);
      const [whole, parts] = ['whole', 'parts'].map((name) => join(directory, name));
      await train(settings, whole);
      await assert.rejects(train(settings, parts, interruptedAt(4)), /stopped/);
      await train(settings, parts, { resume: true });
      assert.deepEqual(await kept(parts), await kept(whole));
    });
  }
});

test('evaluating on the way changes nothing that is trained, and is the same when gone on with', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'variational_dropout');
    const evaluated = {
      ...settings,
      evalEvery: 5,
      evalInputs: settings.inputs,
      evalTargets: settings.targets,
    };
    const [plain, whole, parts] = ['plain', 'whole', 'parts'].map((name) => join(directory, name));
    await train(settings, plain);
    const { metrics } = await train(evaluated, whole);
    await assert.rejects(train(evaluated, parts, interruptedAt(6)), /stopped/);
    await train(evaluated, parts, { resume: true });
    assert.deepEqual(await kept(parts), await kept(whole));
    assert.deepEqual((await kept(plain)).tensors, (await kept(whole)).tensors);
    const records = await recordsOf(whole);
    const steps = records.filter(({ exactMatch }) => exactMatch !== undefined).map(({ step }) => step);
    assert.deepEqual(steps, [5, 10, 12]);
    // Without masks the sparsity is counted, as by the command of the name.
    await using checkpoint = await openCheckpoint(whole);
    assert.equal(metrics.sparsity, (await checkpointSparsity(checkpoint)).sparsity);
  });
});

test('a residual network is evaluated by pictures of its own', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallResNet(directory, 'dense', { evalData: [directory], trainSteps: 2 });
    await makeShards(directory, [10]);
    const run = join(directory, 'run');
    const { metrics } = await train(settings, run);
    // What was trained, evaluated from its checkpoint.
    await using checkpoint = await openCheckpoint(run);
    using model = await loadResNet50(await testGpu(), checkpoint);
    const { top1, top5 } = await evaluate(model, await openPictures([directory]), { workers: 0 });
    assert.deepEqual([metrics.top1, metrics.top5], [top1, top5]);
  });
});

test('an evaluation that fails takes nothing of what was trained with it', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'dense', { checkpointEvery: 100 });
    const { inputs: evalInputs, targets: evalTargets } = settings;
    const evaluated = { ...settings, evalEvery: 5, evalInputs, evalTargets };
    const [whole, failed] = ['whole', 'failed'].map((name) => join(directory, name));
    await train(settings, whole);
    const preparation = await prepareTraining(evaluated);
    const evaluator = { evaluate: () => Promise.reject(new Error('a bad picture')) };
    const run = trainInFolder(await testGpu(), { ...preparation, evaluator }, failed);
    await assert.rejects(run, /a bad picture/);
    assert.deepEqual((await readMetrics(join(failed, 'metrics.jsonl'))).at(-1)?.step, 5);
    const { resumedFrom } = await train(evaluated, failed, { resume: true });
    assert.equal(resumedFrom, 5);
    const last = async (folder: string) => readFile(join(folder, 'model.ckpt-12.data-00000-of-00001'));
    assert.deepEqual(await last(failed), await last(whole));
    await preparation.close();
  });
});

test('a folder that was left half made is gone on with, by whatever path', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'dense', { trainSteps: 4 });
    const run = join(directory, 'run');
    await train(settings, run);
    const names = await readdir(run);
    for (const name of names) if (name !== 'run.json') await rm(join(run, name));
    await train(settings, `${run}/`, { resume: true });
    assert.ok((await readdir(run)).includes('hparams.json'));
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.endsWith('.lock')),
      [],
    );
  });
});

test('a training that diverges ends with a sentence, and keeps the checkpoint before', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'dense', {
      learningRate: 1e30,
      warmupSteps: 0,
      checkpointEvery: 1,
      logEvery: 100,
    });
    const run = join(directory, 'run');
    const diverged = { exitCode: 1, message: /^the training has diverged: .*; lower the learning rate/ };
    await assert.rejects(train(settings, run), diverged);
    await using checkpoint = await openCheckpoint(run);
    for (const name of checkpoint.names()) await checkpoint.verify(name);
  });
});

test('a folder is that of one run, with its settings and data', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'dense', { trainSteps: 4 });
    const run = join(directory, 'run');
    await train(settings, run);
    await assert.rejects(train(settings, run), {
      exitCode: 2,
      message: /holds a run already; --resume goes on/,
    });
    const before = await readdir(run);
    const again = await train(settings, run, { resume: true });
    assert.deepEqual([again.step, again.resumedFrom, again.metrics.step, again.items], [4, 4, 4, 0]);
    assert.deepEqual(await readdir(run), before);
    const other = train({ ...settings, seed: 4 }, run, { resume: true });
    await assert.rejects(other, { exitCode: 2, message: /holds a run with other seed; leave/ });
    await writeFile(settings.inputs[0], (await readFile(settings.inputs[0], 'utf8')).replace('one', 'two'));
    const changed = train(settings, run, { resume: true });
    await assert.rejects(changed, { exitCode: 2, message: /its run was of other data \(checksum\)/ });
  });
});

/** Trains at one go, and interrupted; the loss falls, and what is left is the same. @returns the folder of the first */
async function assertSameWhenResumed(directory: string, settings: TrainingSettings): Promise<string> {
  const [whole, parts] = ['whole', 'parts'].map((name) => join(directory, name));
  const { metrics } = await train(settings, whole);
  const [first] = await recordsOf(whole);
  assert.ok(metrics.crossEntropy < first.crossEntropy, `${first.crossEntropy} … ${metrics.crossEntropy}`);
  await assert.rejects(train(settings, parts, interruptedAt(7)), /stopped/);
  await train(settings, parts, { resume: true });
  assert.deepEqual(await kept(parts), await kept(whole));
  return whole;
}

async function train(settings: TrainingSettings, folder: string, options: TrainInFolderOptions = {}) {
  const preparation = await prepareTraining(settings, { workers: 0 });
  try {
    return await trainInFolder(await testGpu(), preparation, folder, options);
  } finally {
    await preparation.close();
  }
}

async function recordsOf(folder: string): Promise<MetricsRecord[]> {
  const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** Stops a training behind a step. */
function interruptedAt(step: number): TrainInFolderOptions {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onStep: (progress) => {
      if (progress.step === step) controller.abort(new Error('stopped'));
    },
  };
}

/** The metrics of a run, and all that its last checkpoint holds. */
async function kept(folder: string) {
  await using checkpoint = await openCheckpoint(folder);
  assert.ok((await checkpointSparsity(checkpoint)).total > 0);
  const tensors = [];
  for (const name of checkpoint.names()) tensors.push([name, await checkpoint.read(name)]);
  return { tensors, metrics: await readFile(join(folder, 'metrics.jsonl'), 'utf8') };
}
