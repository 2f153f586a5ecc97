import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import { SpoolFolder } from '../../src/io/files/spool-folder.ts';
import { withDirectory } from '../io/support.ts';
import { tsos } from '../support/command-line.ts';
import { DEMO_CHECKPOINT } from '../support/demo.ts';
import { assertOneSentence } from '../support/one-sentence.ts';
import { optionsOf, smallTransformer } from '../train/run/small-runs.ts';
import { withSmallDisk } from './small-disk.ts';
import { filesOf, RESUMED, WORKS, workInProcess } from './work-in-process.ts';

const skip = process.platform === 'win32' ? 'no such limits there' : false;

for (const work of WORKS) {
  test(`${work}: beyond the most bytes a file may have it ends with a sentence, and leaves no half result`, {
    skip,
  }, async () => {
    await withDirectory(async (directory) => {
      // In kilobytes, as bash counts it. Node ignores the signal that comes with it; Deno would end of it.
      const limited = await workInProcess(work, { directory, shell: "trap '' XFSZ; ulimit -f 1" });
      assert.equal(limited.code, 1, limited.stderr);
      assert.match(limited.stderr, /^[^\n]*: is larger than this file system, or "ulimit -f", allows\n$/);
      const left = await readdir(directory);
      assert.deepEqual(left, RESUMED.some((each) => each === work) ? ['out.partial'] : []);
      assert.deepEqual(await workInProcess(work, { directory }), { code: 0, stderr: '' });
      assert.deepEqual((await readdir(directory)).sort(), filesOf(work));
    });
  });
}

test('a disk that gets full ends a work with a sentence, and it goes on once there is room', async (t) => {
  await withSmallDisk(t, '12k', async ({ disk, remount }) => {
    const full = await workInProcess('evaluate', { directory: disk });
    assert.equal(full.code, 1, full.stderr);
    assert.match(full.stderr, /the disk is full; free some space or write to another one\n$/);
    await remount('size=1m');
    assert.deepEqual(await workInProcess('evaluate', { directory: disk }), { code: 0, stderr: '' });
    assert.deepEqual(await readdir(disk), ['out']);
    await remount('ro');
    const readOnly = await workInProcess('bundle', { directory: join(disk, 'inner') });
    assert.equal(readOnly.code, 2, readOnly.stderr);
    const converted = await tsos([
      'convert',
      DEMO_CHECKPOINT,
      '--to',
      'npz',
      '--output',
      join(disk, 'm.npz'),
    ]);
    assertOneSentence(converted, 2, /m\.npz: the disk can only be read; choose another place/);
  });
});

test('a folder for temporary files that is not there is told in a sentence', { skip }, async () => {
  const before = process.env.TMPDIR;
  await withDirectory(async (directory) => {
    process.env.TMPDIR = join(directory, 'none');
    try {
      await assert.rejects(
        new SpoolFolder(1).add((async function* () {})()),
        (error) => error instanceof UsageError && /none: the directory does not exist/.test(error.message),
      );
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });
});

test('a killed command leaves nothing that a later one does not clear', { skip }, async () => {
  await withDirectory(async (directory) => {
    const env = { TMPDIR: directory };
    const left = () => readdirSync(directory).filter((name) => /^\.?tsos-.*\.tmp$/.test(name));
    const convert = ['convert', DEMO_CHECKPOINT, '--to', 'bundle', '--output', join(directory, 'out')];
    // It may be done before it is killed: then once more.
    for (let attempt = 0; attempt < 20 && left().length === 0; attempt++) {
      await rm(join(directory, 'out'), { recursive: true, force: true });
      await tsos(convert, {
        env,
        during: (child) => {
          const timer = setInterval(() => {
            if (left().length === 0) return;
            clearInterval(timer);
            process.kill(child.pid!, 'SIGKILL');
          }, 1);
          child.once('close', () => clearInterval(timer));
        },
      });
    }
    assert.ok(left().length > 0, 'it was always done before it was killed');
    const { code, stderr } = await tsos(convert, { env });
    assert.equal(code, 0, stderr);
    assert.deepEqual(left(), []);
    assert.match(await readFile(join(directory, 'out', 'checkpoint'), 'utf8'), /model\.ckpt/);
  });
});

test('a training whose disk gets full keeps its last checkpoint, and goes on once there is room', async (t) => {
  await withSmallDisk(t, '128k', async ({ disk, directory, remount }) => {
    const settings = await smallTransformer(directory, 'dense', { checkpointEvery: 1, trainSteps: 30 });
    const output = join(disk, 'run');
    const train = ['train', 'transformer', '--output', output, '--resume', ...optionsOf(settings)];
    const full = await tsos(train);
    assertOneSentence(full, 1, /the disk is full; free some space/);
    assert.equal((await tsos(['inspect', output, '--verify'])).code, 0);
    await remount('size=8m');
    const { code, stderr } = await tsos(train);
    assert.equal(code, 0, stderr);
    assert.ok((await readdir(output)).includes('model.ckpt-30.index'));
  });
});
