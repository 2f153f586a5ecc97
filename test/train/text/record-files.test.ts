import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { trainingRecordFiles } from '../../../src/train/text/record-files.ts';
import { withDirectory } from '../../io/support.ts';

test('of a folder the files of training are taken, in the order of their names, and files as they are given', () =>
  withDirectory(async (directory) => {
    const problem = 'translate_ende_wmt32k_packed';
    const folder = await filled(directory, [
      `${problem}-train-00001-of-00002`,
      `${problem}-train-00000-of-00002`,
      `${problem}-train-00000-of-00002.lock`,
      `${problem}-unshuffled-train-00000-of-00002`,
      `${problem}-dev-00000-of-00001`,
      'vocab.translate_ende_wmt32k.32768.subwords',
    ]);
    const one = join(directory, 'one');
    assert.deepEqual(await trainingRecordFiles([one, folder]), [
      one,
      join(folder, `${problem}-train-00000-of-00002`),
      join(folder, `${problem}-train-00001-of-00002`),
    ]);
  }));

test('files without numbers count where there are no others', () =>
  withDirectory(async (directory) => {
    const folder = await filled(directory, [
      'wmt-train-b.tfrecord',
      'wmt-train-a.tfrecord',
      'wmt-dev-a.tfrecord',
    ]);
    const names = ['wmt-train-a.tfrecord', 'wmt-train-b.tfrecord'].map((name) => join(folder, name));
    assert.deepEqual(await trainingRecordFiles([folder]), names);
  }));

test('a folder without them, or with those of several problems, is refused', () =>
  withDirectory(async (directory) => {
    const folder = await filled(directory, ['a-dev-00000-of-00001']);
    await assert.rejects(trainingRecordFiles([folder]), {
      exitCode: 3,
      message: /has no TFRecord files "\*-train/,
    });
    await filled(directory, ['a-train-00000-of-00001', 'b-train-00000-of-00001']);
    await assert.rejects(trainingRecordFiles([folder]), {
      exitCode: 2,
      message: /has the files of a and of b; give/,
    });
  }));

async function filled(directory: string, names: readonly string[]): Promise<string> {
  const folder = join(directory, 'folder');
  await mkdir(folder, { recursive: true });
  for (const name of names) await writeFile(join(folder, name), '');
  return folder;
}
