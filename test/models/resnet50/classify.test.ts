import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DataError, UsageError } from '../../../src/base/errors.ts';
import { mostProbable } from '../../../src/metrics/classification.ts';
import { classifyPictures } from '../../../src/models/resnet50/classify.ts';
import {
  type Classification,
  type ClassifyToFileOptions,
  classifyToFile,
} from '../../../src/models/resnet50/classify-to-file.ts';
import { withDirectory } from '../../io/support.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';
import { CLASSES, type MadePicture, memoryPictures, stubResNet } from '../../support/stub-resnet.ts';

const NAMES = Array.from({ length: CLASSES }, (_, index) => `name ${index}`);
const SKIPPING = { skipBad: true, workers: 0 } as const;
const picture = fc.record({
  seed: fc.option(fc.nat(5), { nil: undefined, freq: 4 }),
  label: fc.constant(undefined),
});
const pictures = fc.array(picture, { maxLength: 9 });
const batchSize = fc.integer({ min: 1, max: 5 });

test('every picture comes in its place with its own logits, whatever the batch', async () => {
  await holds(
    fc.asyncProperty(pictures, batchSize, async (all, batch) => {
      const found = await collect(
        classifyPictures(stubResNet(), memoryPictures(all), { ...SKIPPING, batch }),
      );
      assert.equal(found.length, all.length);
      for (const [index, each] of found.entries()) {
        assert.equal(each.record, index);
        assert.equal('reason' in each, all[index].seed === undefined);
        if ('reason' in each) continue;
        const [alone] = await collect(classifyPictures(stubResNet(), memoryPictures([all[index]]), SKIPPING));
        assert.ok('logits' in alone);
        assert.deepEqual(each.logits, alone.logits);
      }
    }),
    25,
  );
});

test('a file of classifications has the best classes of each picture with their names', async () => {
  await withDirectory(async (directory) => {
    const output = join(directory, 'out');
    const all: MadePicture[] = [0, 1, undefined, 2].map((seed) => ({ seed, label: undefined }));
    await classifyToFile(stubResNet(), memoryPictures(all), { ...toFile(output), names: NAMES, top: 3 });
    const lines = await linesOf(output);
    const raw = await collect(classifyPictures(stubResNet(), memoryPictures(all), SKIPPING));
    assert.deepEqual(
      lines,
      raw.map((each) => {
        if ('reason' in each) return each;
        const best = mostProbable(each.logits, 3).map((one) => ({ ...one, name: NAMES[one.class] }));
        return { file: each.file, record: each.record, classes: best };
      }),
    );
    await classifyToFile(stubResNet(), memoryPictures(all), toFile(output));
    const [first] = await linesOf(output);
    assert.ok('classes' in first && first.classes.every(({ name }) => name === null));
  });
});

test('a run that is interrupted gives the same file when resumed, and classifies no batch again', async () => {
  await withDirectory(async (directory) => {
    await holds(
      fc.asyncProperty(pictures, batchSize, fc.nat(4), async (all, batch, after) => {
        const [output, whole] = [join(directory, 'out'), join(directory, 'whole')];
        await classifyToFile(stubResNet(), memoryPictures(all), toFile(whole));
        const stop = new AbortController();
        let done = 0;
        const stopped = await classifyToFile(stubResNet(), memoryPictures(all), {
          ...toFile(output),
          batch,
          signal: stop.signal,
          onBatch(items) {
            done += items.length;
            if (done >= after * batch) stop.abort(new Error('stopped'));
          },
        }).then(
          () => false,
          () => true,
        );
        const seen: Classification[] = [];
        const second = stubResNet();
        let resumed = 0;
        await classifyToFile(second, memoryPictures(all), {
          ...toFile(output),
          batch,
          resume: true,
          onStart(start) {
            resumed = start.resumed.length;
            seen.push(...start.resumed);
          },
          onBatch: (items) => void seen.push(...items),
        });
        assert.equal(await readFile(output, 'utf8'), await readFile(whole, 'utf8'));
        assert.deepEqual(seen, await linesOf(output));
        assert.equal(resumed, stopped ? done : 0);
        assert.equal(existsSync(`${output}.partial`), false);
        const left = all.slice(resumed).filter(({ seed }) => seed !== undefined).length;
        assert.equal(
          second.batches.reduce((sum, count) => sum + count, 0),
          left,
        );

        const third = stubResNet();
        const shown: Classification[] = [];
        let isFinished = false;
        await classifyToFile(third, memoryPictures(all), {
          ...toFile(output),
          batch,
          resume: true,
          replace: false,
          onStart(start) {
            isFinished = start.isFinished;
            shown.push(...start.resumed);
          },
        });
        assert.deepEqual([third.batches.length, isFinished, shown], [0, true, seen]);
        await rm(output);
        await rm(`${output}.done`);
      }),
      40,
    );
  });
});

test('a run that stopped at a bad picture goes on with it passed over, and not the other way round', async () => {
  await withDirectory(async (directory) => {
    const output = join(directory, 'out');
    const all: MadePicture[] = [0, 1, undefined, 2, 3].map((seed) => ({ seed, label: undefined }));
    const run = (options: Partial<ClassifyToFileOptions>) =>
      classifyToFile(stubResNet(), memoryPictures(all), { ...toFile(output), batch: 1, ...options });
    await assert.rejects(
      run({ skipBad: false }),
      (error) => error instanceof DataError && /^bad-2: .*--skip-bad/.test(error.message),
    );
    await run({ resume: true });
    assert.equal((await linesOf(output)).length, 5);

    // Else what follows would be finished already.
    await rm(`${output}.done`);
    let batches = 0;
    const stopAfterThree = () => assert.ok(++batches < 4, 'stopped');
    await assert.rejects(run({ onBatch: stopAfterThree }), /stopped/);
    await assert.rejects(
      run({ resume: true, skipBad: false }),
      (error) => error instanceof UsageError && /passed over 1 bad pictures/.test(error.message),
    );
    await assert.rejects(run({ resume: true, top: 2 }), /with other top;/);
  });
});

async function collect<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}

async function linesOf(file: string): Promise<Classification[]> {
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

function toFile(output: string) {
  return { ...SKIPPING, output, checkpoint: 'a', data: 'd', top: 5 };
}
