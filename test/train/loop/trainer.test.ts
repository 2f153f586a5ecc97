import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { prepareTransformer } from '../../../src/train/run/prepare-transformer.ts';
import { trainInFolder } from '../../../src/train/run/train-in-folder.ts';
import { withDirectory } from '../../io/support.ts';
import { relativeError } from '../../support/golden-training.ts';
import { testGpu } from '../../support/gpu.ts';
import { smallTransformer } from '../run/small-runs.ts';

for (const [kind, packedLength] of [
  ['sentences', 0],
  ['packed rows', 12],
] as const) {
  test(`gradients of a batch of ${kind} in parts are those of the whole batch, but for rounding`, async () => {
    await withDirectory((directory) => requireAlikeInParts(directory, packedLength));
  });
}

async function requireAlikeInParts(directory: string, packedLength: number): Promise<void> {
  const settings = await smallTransformer(directory, 'magnitude_pruning', {
    packedLength,
    regularization: 'label_smoothing',
    trainSteps: 1,
    warmupSteps: 0,
  });
  const train = async (microBatch: number) => {
    const folder = join(directory, `${microBatch}`);
    const preparation = await prepareTransformer({ ...settings, microBatch });
    await trainInFolder(await testGpu(), preparation, folder);
    return openCheckpoint(folder);
  };
  await using whole = await train(48);
  for (const microBatch of [24, 12]) {
    await using parts = await train(microBatch);
    // After one step the mean gradient is a tenth of the gradient; weights have lost its size.
    for (const name of whole.names().filter((each) => each.endsWith('/Adam'))) {
      const [a, b] = [await whole.read(name), await parts.read(name)];
      const error = relativeError(b.data as Float32Array, a.data as Float32Array);
      assert.ok(error < 1e-5, `${microBatch}: ${name} has relative error ${error}`);
    }
  }
}

test('the slots, counters and powers are those that TensorFlow keeps', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'magnitude_pruning', { trainSteps: 5 });
    const folder = join(directory, 'run');
    await trainInFolder(await testGpu(), await prepareTransformer(settings), folder);
    await using checkpoint = await openCheckpoint(folder);
    const scalar = async (name: string) => (await checkpoint.read(name)).data[0];
    assert.equal(await scalar('global_step'), 5n);
    assert.equal(await scalar('model_pruning/last_mask_update_step'), 4);
    assert.equal(await scalar('training/beta1_power'), Math.fround(0.9 ** 6));
    assert.equal(await scalar('training/beta2_power'), Math.fround(0.997 ** 6));
    const names = new Set(checkpoint.names());
    for (const name of names) {
      if (name.startsWith('training/') || checkpoint.info(name).dtype !== 'float32') continue;
      const isTrained = !/(mask|threshold)$/.test(name);
      assert.equal(
        names.has(`training/${name}/Adam`) && names.has(`training/${name}/Adam_1`),
        isTrained,
        name,
      );
    }
  });
});
