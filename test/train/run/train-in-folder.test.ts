import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { TECHNIQUES } from '../../../src/base/technique.ts';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { prepareTransformer } from '../../../src/train/run/prepare-transformer.ts';
import type { TransformerSettings } from '../../../src/train/run/settings.ts';
import { type TrainInFolderOptions, trainInFolder } from '../../../src/train/run/train-in-folder.ts';
import { withDirectory } from '../../io/support.ts';
import { testGpu } from '../../support/gpu.ts';
import { smallTransformer } from './small-runs.ts';

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

async function train(settings: TransformerSettings, folder: string, options: TrainInFolderOptions = {}) {
  const preparation = await prepareTransformer(settings);
  try {
    return await trainInFolder(await testGpu(), preparation, folder, options);
  } finally {
    await preparation.close();
  }
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
  const tensors = [];
  for (const name of checkpoint.names()) tensors.push([name, await checkpoint.read(name)]);
  return { tensors, metrics: await readFile(join(folder, 'metrics.jsonl'), 'utf8') };
}
