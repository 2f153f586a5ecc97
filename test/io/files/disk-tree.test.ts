import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { diskTree } from '../../../src/io/files/disk-tree.ts';
import { dataErrorOf, withDirectory } from '../support.ts';

test('what is not there has no kind and no files, and what cannot be looked at is an error', async () => {
  await withDirectory(async (directory) => {
    const at = (name: string) => join(directory, name);
    await mkdir(at('folder'));
    await writeFile(at('folder/file'), '');
    await symlink('loop', at('loop'));
    assert.deepEqual(
      await Promise.all(
        ['folder', 'folder/file', 'none', 'folder/file/below'].map((name) => diskTree.kind(at(name))),
      ),
      ['directory', 'file', undefined, undefined],
    );
    assert.deepEqual(await diskTree.list(at('folder')), ['file']);
    assert.deepEqual(await diskTree.list(at('none')), []);
    await dataErrorOf(diskTree.kind(at('loop')), /loop: cannot be read \(ELOOP/);
    await dataErrorOf(diskTree.list(at('loop')), /loop: cannot be read \(ELOOP/);
    await dataErrorOf(openCheckpoint(at('loop')), /loop: cannot be read \(ELOOP/);
    await dataErrorOf(openCheckpoint(at('loop/model.ckpt-1')), /cannot be read \(ELOOP/);
  });
});
