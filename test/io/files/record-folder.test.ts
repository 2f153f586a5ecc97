import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DataError } from '../../../src/base/errors.ts';
import { recordFolder } from '../../../src/io/files/record-folder.ts';
import { withDirectory } from '../support.ts';

test('a record is what was saved last; none or a damaged one is nothing, one that cannot be read is an error', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'not', 'there');
    const folder = recordFolder(path);
    assert.equal(await folder.load('one'), undefined);
    for (const record of [{ times: [1, 2] }, { times: [] }]) {
      await folder.save('one', record);
      assert.deepEqual(await folder.load('one'), record);
    }
    await writeFile(join(path, 'damaged.json'), '{"times": [');
    assert.equal(await folder.load('damaged'), undefined);
    // A folder in the place of a file stands for whatever keeps one from reading it.
    await mkdir(join(path, 'unreadable.json'));
    await assert.rejects(folder.load('unreadable'), DataError);
  });
});
