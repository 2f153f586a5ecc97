import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DataError } from '../../../src/base/errors.ts';
import { checkpointDigest } from '../../../src/io/checkpoint/checkpoint-digest.ts';
import { writeCheckpoint } from '../../../src/io/checkpoint/write-checkpoint.ts';
import { DEMO_CHECKPOINT } from '../../support/demo.ts';
import { sha256, withDirectory } from '../support.ts';

test('however a checkpoint is named its digest is that of its index, which changes with any value', async () => {
  await withDirectory(async (directory) => {
    const prefix = join(directory, 'model.ckpt-1');
    const write = (value: number) =>
      writeCheckpoint(prefix, [{ name: 'x', dtype: 'float32', shape: [1], data: Float32Array.of(value) }]);
    await write(1);
    const expected = { files: [`${prefix}.index`], sha256: sha256(await readFile(`${prefix}.index`)) };
    for (const path of [prefix, `${prefix}.index`, directory]) {
      assert.deepEqual(await checkpointDigest(path), expected);
    }
    await write(2);
    assert.notEqual((await checkpointDigest(prefix)).sha256, expected.sha256);
  });
});

test('a gzipped archive is hashed as it is', async () => {
  const expected = { files: [DEMO_CHECKPOINT], sha256: sha256(await readFile(DEMO_CHECKPOINT)) };
  assert.deepEqual(await checkpointDigest(DEMO_CHECKPOINT), expected);
});

test('where there is no checkpoint there is no digest', async () => {
  await withDirectory((directory) => assert.rejects(checkpointDigest(directory), DataError));
});
