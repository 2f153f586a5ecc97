import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DeviceTooSmallError, OutOfMemoryError } from '../../../src/base/errors.ts';
import { requireRoom } from '../../../src/train/loop/device-room.ts';
import { prepareTraining } from '../../../src/train/run/prepare-training.ts';
import type { TrainingSettings } from '../../../src/train/run/settings.ts';
import { trainInFolder } from '../../../src/train/run/train-in-folder.ts';
import { withDirectory } from '../../io/support.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';
import { type Smallness, withSmallGpu } from '../../support/small-gpu.ts';
import { smallResNet, smallTransformer, type TextSettings } from '../run/small-runs.ts';

test('of all that divides a batch, what is said to fit is the largest that does', async () => {
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 5000 }),
    fc.integer({ min: 0, max: 5000 }),
    async (batch, room) => {
      const sizes = Array.from({ length: batch }, (_, i) => batch - i).filter((size) => batch % size === 0);
      const tried: number[] = [];
      const required = requireRoom({ sizes, largestParts: (size) => [1, size] }, async (size) => {
        tried.push(size);
        if (size > room) throw new DeviceTooSmallError(`${size} of ${room}`);
      });
      const fitting = sizes.find((size) => Math.max(1, size) <= room);
      if (fitting === batch) return await required;
      const advice =
        fitting === undefined ? /no --micro-batch fits, not even 1/ : new RegExp(`fits is ${fitting}\\.$`);
      await assert.rejects(required, { name: 'DeviceTooSmallError', exitCode: 4, message: advice });
      assert.ok(
        tried.length <= 2 * (2 + Math.log2(sizes.length)),
        `${tried.length} tries of ${sizes.length}`,
      );
    },
  );
  await holds(property, 200);
});

// More than the variables and the parameters of all dispatches have, less than the activations.
const BYTES = 200_000;

const MODELS = {
  'a Transformer': {
    ways: [{ limits: { maxStorageBufferBindingSize: BYTES } }, { memory: 6 * BYTES }],
    async settingsIn(directory: string) {
      // Steps enough for batches of several lengths, whose plans do not fit all at once.
      const settings = await smallTransformer(directory, 'dense', {
        trainSteps: 4,
        batchSize: 2048,
        warmupSteps: 0,
      });
      await writeLines(settings, 600);
      return settings;
    },
  },
  'a residual network': {
    ways: [{ limits: { maxBufferSize: BYTES } }],
    settingsIn: (directory: string) =>
      smallResNet(directory, 'dense', { trainSteps: 1, batchSize: 8, microBatch: 8, imageSize: 64 }),
  },
};

for (const [name, { ways, settingsIn }] of Object.entries(MODELS)) {
  test(`${name} is told what fits a device, and that does fit`, async () => {
    await withDirectory(async (directory) => {
      const settings = await settingsIn(directory);
      for (const [i, smallness] of ways.entries()) {
        const folder = join(directory, `run ${i}`);
        const fitting = await largestThatFits(settings, folder, smallness);
        // The folder is free for who does as told.
        assert.ok(!existsSync(folder));
        await train({ ...settings, microBatch: fitting }, folder, smallness);
        const larger = Array.from({ length: settings.batchSize }, (_, i) => i + 1).find(
          (size) => size > fitting && settings.batchSize % size === 0,
        );
        const other = await largestThatFits({ ...settings, microBatch: larger }, `${folder}b`, smallness);
        assert.equal(other, fitting);
      }
    });
  });
}

test('of sentences of many lengths, those that need most are looked at before the first step', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'dense', { batchSize: 100 });
    const lines = Array.from({ length: 200 }, (_, i) => 'one '.repeat(1 + (i % 20)).trim());
    for (const file of [...settings.inputs, ...settings.targets])
      await writeFile(file, `${lines.join('\n')}\n`);
    const preparation = await prepareTraining(settings);
    const shapes = new Set<string>();
    for (let step = 0; step < preparation.batchesPerEpoch; step++) {
      for (const { shape } of (await preparation.batchAt(step)).parts) shapes.add(shape);
    }
    assert.ok(shapes.size > 3, [...shapes].join());
    const { sizes, largestParts } = preparation.microBatches;
    const looked = largestParts(sizes[0]).map(({ shape }) => shape);
    for (const shape of looked) assert.ok(shapes.has(shape), shape);
    for (const power of [1, 2]) {
      const largest = (some: Iterable<string>) =>
        Math.max(...Array.from(some, (shape) => sidesOf(shape)).map(([n, length]) => n * length ** power));
      assert.equal(largest(looked), largest(shapes));
    }
    await preparation.close();
  });
});

test('where nothing fits, that is said: of a batch, and of a variable', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'dense');
    const folder = join(directory, 'run');
    const nothing =
      /needs \d+ bytes, but .* allows 2000 bytes per storage buffer: no --micro-batch fits, not even 1; /;
    await assert.rejects(train(settings, folder, { limits: { maxBufferSize: 2000 } }), {
      exitCode: 4,
      message: nothing,
    });
    const variable = /^Buffer \S+ needs \d+ bytes, .*: no --micro-batch fits, since that is a variable; /;
    await assert.rejects(train(settings, folder, { limits: { maxBufferSize: 256 } }), {
      exitCode: 4,
      message: variable,
    });
    const grid = /kernel ".*" needs .* workgroups, .* allows 1 along each side: no --micro-batch fits/;
    const limits = { maxComputeWorkgroupsPerDimension: 1 };
    await assert.rejects(train(settings, folder, { limits }), { exitCode: 4, message: grid });
    assert.ok(!existsSync(folder));
  });
});

/** What an error says that a training ends with before it begins. */
async function largestThatFits(
  settings: TrainingSettings,
  folder: string,
  smallness: Smallness,
): Promise<number> {
  const error = await train(settings, folder, smallness).then(
    () => assert.fail('there was room'),
    (reason: Error) => reason,
  );
  assert.ok(error instanceof DeviceTooSmallError, `${error.stack}`);
  assert.equal(error.cause instanceof OutOfMemoryError, smallness.memory !== undefined);
  const asked = settings.microBatch ?? settings.batchSize;
  const cause = smallness.memory === undefined ? 'Buffer .* needs \\d+ bytes, but .*' : 'Out of memory on .*';
  const message = new RegExp(
    `^No room for a training that works on (\\d+) at once\\. ${cause}: the largest --micro-batch that fits is (\\d+)\\.$`,
  );
  const [, wanted, fitting] = error.message.match(message) ?? assert.fail(error.message);
  assert.equal(Number(wanted), asked);
  assert.ok(Number(fitting) < asked && settings.batchSize % Number(fitting) === 0);
  return Number(fitting);
}

/** Sentences of one to twenty words. */
async function writeLines({ inputs, targets }: TextSettings, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, i) => 'one '.repeat(1 + (i % 20)).trim());
  for (const file of [...inputs, ...targets]) await writeFile(file, `${lines.join('\n')}\n`);
}

function sidesOf(shape: string): number[] {
  return shape.split(' × ').map(Number);
}

async function train(settings: TrainingSettings, folder: string, smallness: Smallness): Promise<void> {
  const preparation = await prepareTraining(settings, { workers: 0 });
  try {
    await withSmallGpu(smallness, (gpu) => trainInFolder(gpu, preparation, folder));
  } finally {
    await preparation.close();
  }
}
