/**
 * Does one long work into `<directory>/out`, slowly and without a device, for tests that kill it, starve it or run it twice:
 * `worker.ts <work> <directory> <checkpoint>`. Says "at work" once it has begun.
 */
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { TsosError } from '../../src/base/errors.ts';
import { writeCheckpointDirectory } from '../../src/io/checkpoint/checkpoint-directory.ts';
import type { NamedTensor } from '../../src/io/checkpoint/write-checkpoint.ts';
import { writeSafetensors } from '../../src/io/exchange/write-safetensors.ts';
import { classifyToFile } from '../../src/models/resnet50/classify-to-file.ts';
import { evaluateToFile } from '../../src/models/resnet50/evaluate-to-file.ts';
import { translateToFile } from '../../src/models/transformer/translate-file.ts';
import { CHARACTERS, echoTransformer } from '../support/echo-transformer.ts';
import { memoryCheckpoint } from '../support/memory-checkpoint.ts';
import { CLASSES, memoryPictures, stubResNet } from '../support/stub-resnet.ts';

/** Steps of each work, and how long each takes. */
const STEPS = 40;
const STEP_MS = 10;

const [work, directory, checkpoint = 'a'] = process.argv.slice(2);
const output = join(directory, 'out');

const pause = () => sleep(STEP_MS);
const PICTURES = memoryPictures(
  Array.from({ length: 2 * STEPS }, (_, i) => ({ seed: i % 6, label: i % CLASSES })),
);
const PICTURE_OPTIONS = { output, resume: true, checkpoint, data: 'd', batch: 2, workers: 0 };

/** Its decisions depend on the checkpoint, so that results of two are told apart. */
function network() {
  const model = stubResNet();
  const sign = checkpoint === 'a' ? 1 : -1;
  return {
    ...model,
    async logits(pixels: Float32Array) {
      await pause();
      const logits = await model.logits(pixels);
      logits.forEach((value, i) => {
        logits[i] = sign * value;
      });
      return logits;
    },
  };
}

function tensors(): NamedTensor[] {
  return Array.from({ length: STEPS }, (_, i) => ({
    name: `${checkpoint}${i}`,
    dtype: 'float32',
    shape: [500],
    data: new Float32Array(500).fill(i),
  }));
}

async function* slowly(items: readonly NamedTensor[]) {
  for (const item of items) {
    await pause();
    yield item;
  }
}

const WORKS: Record<string, () => Promise<unknown>> = {
  async translate() {
    const model = echoTransformer();
    const lines = Array.from({ length: 2 * STEPS }, (_, i) => `${checkpoint}${'ab '.repeat(i % 7)}${i}`);
    const slow = {
      ...model,
      translate: async (...args: Parameters<typeof model.translate>) => {
        await pause();
        return model.translate(...args);
      },
    };
    const hashes = { checkpoint, vocabulary: 'v' };
    await translateToFile(slow, CHARACTERS, lines, { output, resume: true, batch: 2, hashes });
  },
  evaluate: () => evaluateToFile(network(), PICTURES, { ...PICTURE_OPTIONS, weightDecayLoss: 0.5 }),
  classify: () => classifyToFile(network(), PICTURES, { ...PICTURE_OPTIONS, top: 3 }),
  bundle: () => writeCheckpointDirectory(output, slowly(tensors())),
  async safetensors() {
    const held = memoryCheckpoint(Object.fromEntries(tensors().map((tensor) => [tensor.name, tensor])), {
      path: join(directory, 'in memory'),
    });
    await writeSafetensors(output, {
      ...held,
      async *chunks(name: string) {
        await pause();
        yield* held.chunks(name);
      },
    });
  },
};

try {
  process.stdout.write('at work\n');
  await WORKS[work]();
} catch (error) {
  process.stderr.write(`${error instanceof TsosError ? '' : 'untyped: '}${(error as Error).message}\n`);
  process.exitCode = error instanceof TsosError ? error.exitCode : 99;
}
