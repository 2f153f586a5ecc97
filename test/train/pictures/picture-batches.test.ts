import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPictures } from '../../../src/io/pictures/open-pictures.ts';
import { PictureBatches } from '../../../src/train/pictures/picture-batches.ts';
import { makeFiles, makeShards } from '../../io/pictures/made-pictures.ts';
import { withDirectory } from '../../io/support.ts';

const OPTIONS = { pictures: 4, parts: 2, size: 8, classes: 20, seed: 5 };

test('batches of records: every picture once an epoch, the same with threads and from any step', async () => {
  await withDirectory(async (directory) => {
    await makeShards(directory, [9], [], 'train');
    const source = await openPictures([directory], { split: 'train' });
    const batches = await PictureBatches.open(source, { ...OPTIONS, workers: 0 });
    const threaded = await PictureBatches.open(source, { ...OPTIONS, workers: 2 });
    try {
      assert.deepEqual([batches.pictures, batches.perEpoch], [9, 2]);
      const [first, second, next] = [await batches.at(0), await batches.at(1), await batches.at(2)];
      const labels = [...first, ...second].flatMap((part) => [...part.labels]);
      assert.equal(new Set(labels).size, 8);
      assert.deepEqual(await threaded.at(2), next);
      assert.deepEqual(await threaded.at(0), first);
      assert.notDeepEqual(
        next.map((part) => part.labels),
        first.map((part) => part.labels),
      );
      assert.deepEqual(
        first.map(({ share, pixels }) => [share, pixels.length]),
        [
          [0.5, 2 * 8 * 8 * 3],
          [0.5, 2 * 8 * 8 * 3],
        ],
      );
    } finally {
      await batches.close();
      await threaded.close();
    }
  });
});

test('batches of a folder for each class; a picture that is none ends them by its name', async () => {
  await withDirectory(async (directory) => {
    for (const name of ['cat', 'dog']) {
      await mkdir(join(directory, name));
      await makeFiles(join(directory, name), ['a.jpg', 'b.jpg']);
    }
    const source = await openPictures([directory], { split: 'train' });
    const batches = await PictureBatches.open(source, { ...OPTIONS, workers: 0 });
    const labels = (await batches.at(0)).flatMap((part) => [...part.labels]);
    assert.deepEqual(labels.sort(), [0, 0, 1, 1]);
  });
  await withDirectory(async (directory) => {
    await makeShards(directory, [4], [2], 'train');
    const source = await openPictures([directory], { split: 'train' });
    const batches = await PictureBatches.open(source, { ...OPTIONS, workers: 0 });
    await assert.rejects(batches.at(0), { exitCode: 3, message: /train-.*record 2, its JPEG: / });
  });
});
