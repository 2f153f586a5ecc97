import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ProtoWriter } from '../../../src/io/bytes/protobuf.ts';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { formatStateFile } from '../../../src/io/checkpoint/state-file.ts';
import { writeCheckpoint } from '../../../src/io/checkpoint/write-checkpoint.ts';
import { writeTfRecords } from '../../../src/io/records/tfrecord.ts';
import { tarOf } from '../archive/tar-writer.ts';
import { dataErrorOf, withCheckpoint, withDirectory } from '../support.ts';
import { v1File } from './v1-writer.ts';

test('of a prefix and a directory of one name the prefix is opened, with a slash the directory', async () => {
  await withDirectory(async (directory) => {
    await mkdir(`${directory}/model`);
    await writeStep(`${directory}/model`, 1);
    await writeStep(`${directory}/model/ckpt`, 2);
    const names = ['model.index', 'model.data-00000-of-00001', 'model/ckpt.index'];
    names.push('model/ckpt.data-00000-of-00001');
    const archive = `${directory}/both.tar`;
    const files = await Promise.all(
      names.map(async (name) => [name, await readFile(`${directory}/${name}`)]),
    );
    await writeFile(archive, tarOf(Object.fromEntries(files)));
    for (const place of [directory, archive]) {
      assert.equal(await stepOf(`${place}/model`), 1);
      assert.equal(await stepOf(`${place}/model/`), 2);
      assert.equal(await stepOf(`${place}/model/ckpt`), 2);
    }
  });
});

test('a directory beside TFRecord files of its name is still opened', async () => {
  await withDirectory(async (directory) => {
    await mkdir(`${directory}/train`);
    await writeStep(`${directory}/train/ckpt`, 3);
    await writeTfRecords(`${directory}/train-00000-of-00002`, [Buffer.from('record')]);
    assert.equal(await stepOf(`${directory}/train`), 3);
  });
});

test('V1 files are found by all that TensorFlow calls them', async () => {
  await withDirectory(async (directory) => {
    await writeV1(`${directory}/model.ckpt-12`, 12, 3);
    const pattern = 'model.ckpt-12-?????-of-00003';
    for (const name of ['model.ckpt-12', pattern, 'model.ckpt-12-00001-of-00003']) {
      assert.equal(await stepOf(`${directory}/${name}`), 12);
    }
    assert.equal(await stepOf(directory), 12);
    await writeFile(`${directory}/checkpoint`, formatStateFile(pattern));
    assert.equal(await stepOf(directory), 12);
    await writeFile(`${directory}/checkpoint`, formatStateFile(`/where/it/was/made/${pattern}`));
    assert.equal(await stepOf(directory), 12);
    const files = await readdir(directory);
    const contents = await Promise.all(
      files.map(async (name) => [`run/${name}`, await readFile(`${directory}/${name}`)]),
    );
    await writeFile(`${directory}/v1.tar`, tarOf(Object.fromEntries(contents)));
    assert.equal(await stepOf(`${directory}/v1.tar`), 12);
  });
});

test('V1 files of two numberings are told apart, and missing ones are told', async () => {
  await withDirectory(async (directory) => {
    await writeV1(`${directory}/m-1`, 1, 1, 2);
    await dataErrorOf(openCheckpoint(`${directory}/m-1`), /1 of its 2 files m-1-\?{5}-of-00002 are here/);
    await writeV1(`${directory}/m-1`, 3, 3);
    await dataErrorOf(
      openCheckpoint(`${directory}/m-1`),
      /several checkpoints; name one of m-1-\?{5}-of-0000/,
    );
    for (const name of ['m-1-?????-of-00003', 'm-1-00000-of-00003']) {
      assert.equal(await stepOf(`${directory}/${name}`), 3);
    }
  });
});

async function writeStep(prefix: string, step: number): Promise<void> {
  const data = BigInt64Array.of(BigInt(step));
  await writeCheckpoint(prefix, [{ name: 'global_step', dtype: 'int64', shape: [], data }]);
}

/** Writes the first `present` of `count` files; the step is in the first one. */
async function writeV1(prefix: string, step: number, present: number, count = present): Promise<void> {
  const five = (number: number) => String(number).padStart(5, '0');
  for (let i = 0; i < present; i++) {
    const values = new ProtoWriter().int(10, step).finish();
    const name = i === 0 ? 'global_step' : `other_${i}`;
    const file = v1File([{ name, code: 9, shape: [], parts: [{ slice: [], values }] }]);
    await writeFile(`${prefix}-${five(i)}-of-${five(count)}`, file);
  }
}

async function stepOf(path: string): Promise<number> {
  return withCheckpoint(openCheckpoint(path), async (checkpoint) =>
    Number((await checkpoint.read('global_step')).data[0]),
  );
}
