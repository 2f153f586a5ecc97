import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { readBytes, readText } from '../../../src/io/files/read-file.ts';
import { dataErrorOf, withDirectory } from '../support.ts';

test('a file is read as it is now, whatever it was before', async () => {
  await withDirectory(async (directory) => {
    const file = join(directory, 'file');
    for (const text of ['one', 'other, longer']) {
      await writeFile(file, text);
      assert.equal(await readText(file), text);
    }
    await dataErrorOf(readBytes(join(directory, 'none')), /none: there is no such file/);
    await dataErrorOf(readBytes(directory), /is a directory; name a file in it/);
  });
});

const pipes = process.platform === 'win32' ? 'there is no mkfifo' : false;
test('a pipe is read as often as asked for, though it gives its bytes once', { skip: pipes }, async () => {
  await withDirectory(async (directory) => {
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const text = 'wörd\n'.repeat(50_000);
    const file = join(directory, 'file');
    await writeFile(file, text);
    // By another process: under Deno one that reads a pipe cannot write to it.
    const writer = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', file, pipe], { stdio: 'ignore' });
    const [read] = await Promise.all([readText(pipe), once(writer, 'exit')]);
    assert.equal(read, text);
    assert.equal(await readText(pipe), text);
  });
});
