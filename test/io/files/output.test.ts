import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { link, mkdir, open, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { UsageError } from '../../../src/base/errors.ts';
import { requireDirectory, writeDirectoryAtomic } from '../../../src/io/files/atomic-directory.ts';
import { streamFileAtomic, writeFileAtomic } from '../../../src/io/files/atomic-file.ts';
import { requireOutput } from '../../../src/io/files/output.ts';
import { OutputInUseError, withOutputLock } from '../../../src/io/files/output-lock.ts';
import { outputPlace } from '../../../src/io/files/output-place.ts';
import { thisOwner } from '../../../src/io/files/owner.ts';
import { clearLeftovers, temporaryPath } from '../../../src/io/files/temporary.ts';
import { withDirectory } from '../support.ts';

const refuses = (work: Promise<unknown>, says: RegExp) =>
  assert.rejects(work, (error) => error instanceof UsageError && says.test(error.message));

test('an output is refused where it is an input, by whatever name, and so is what is written beside it', async () => {
  await withDirectory(async (directory) => {
    const at = (name: string) => join(directory, name);
    for (const name of ['input', 'x.partial', 'y.lock']) await writeFile(at(name), 'kept');
    await mkdir(at('folder'));
    await link(at('input'), at('hard'));
    await symlink('input', at('soft'));
    await symlink('soft', at('softer'));
    await symlink(directory, at('around'));
    for (const name of ['input', 'hard', 'soft', 'softer', 'around/input', 'folder/../input']) {
      await refuses(
        requireOutput(at(name), { inputs: [undefined, at('input')] }),
        /is an input of this run too/,
      );
      await refuses(requireOutput(at('input'), { inputs: [at(name)] }), /input: is an input of this run too/);
    }
    await refuses(
      requireOutput(at('x'), { inputs: [at('x.partial')] }),
      /x: writing it would replace .*x\.partial/,
    );
    await refuses(
      requireOutput(at('y'), { inputs: [at('y.lock')] }),
      /y: writing it would replace .*y\.lock/,
    );
    assert.equal((await requireOutput(at('new'), { inputs: [at('input'), at('none')] })).kind, 'file');
    await refuses(requireOutput(at('input'), { inputs: [], replace: false }), /exists already/);
    await refuses(requireOutput(at('input/new'), { inputs: [] }), /input\/new: the directory does not exist/);
    assert.equal(await readFile(at('input'), 'utf8'), 'kept');
    assert.equal(existsSync(at('new')), false);
  });
});

test('an output goes through symbolic links, to where nothing is yet too', async () => {
  await withDirectory(async (directory) => {
    const at = (name: string) => join(directory, name);
    await mkdir(at('folder'));
    await symlink('folder/target', at('first'));
    await symlink(at('first'), at('second'));
    for (const text of ['one', 'two']) {
      await writeFileAtomic(at('second'), text);
      assert.equal(await readFile(at('folder/target'), 'utf8'), text);
    }
    assert.deepEqual(await readdir(at('folder')), ['target']);
    await symlink('circle', at('circle'));
    await refuses(outputPlace(at('circle')), /symbolic links go in a circle/);
    await symlink('nowhere/file', at('lost'));
    await refuses(writeFileAtomic(at('lost'), ''), /lost: the directory does not exist/);
    await symlink('made', at('later'));
    await writeDirectoryAtomic(at('later'), (inside) => writeFile(join(inside, 'file'), ''));
    assert.deepEqual(await readdir(at('made')), ['file']);
  });
});

test('pipes and devices are written to as they are', { skip: process.platform === 'win32' }, async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'pipe');
    await promisify(execFile)('mkfifo', [path]);
    const reader = spawn('cat', [path]);
    let text = '';
    reader.stdout.on('data', (chunk) => {
      text += chunk;
    });
    const ended = once(reader, 'close');
    await requireOutput(path, { inputs: [path] });
    await streamFileAtomic(path, async (file) => {
      await file.write(new TextEncoder().encode('one '));
      await file.write(new TextEncoder().encode('two'));
    });
    await ended;
    assert.equal(text, 'one two');
    await writeFileAtomic('/dev/null', 'gone');
    assert.deepEqual(await readdir(directory), ['pipe']);
    await writeFileAtomic(path.replace('pipe', 'file'), '');
    await refuses(requireOutput('/dev/null/file', { inputs: [] }), /the directory does not exist/);
  });
});

test('what stands for an open file is written behind what is there, and where its own writer goes on', async (t) => {
  if (!existsSync('/proc/self/fd') && !existsSync('/dev/fd')) return t.skip('no names of open files here');
  await withDirectory(async (directory) => {
    const path = join(directory, 'log');
    const log = await open(path, 'w');
    await log.write('before\n');
    for (const name of [`/dev/fd/${log.fd}`, `/proc/self/fd/${log.fd}`].filter((each) => existsSync(each))) {
      await writeFileAtomic(name, 'written\n');
      await log.write('after\n');
    }
    await log.close();
    const text = await readFile(path, 'utf8');
    assert.match(text, /^before\n(written\nafter\n)+$/);
  });
});

test('one process at a time writes an output, and the next is told who does', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'out');
    const place = await outputPlace(path);
    await withOutputLock(path, place, async () => {
      const says = new RegExp(`out: process ${process.pid} on \\S+ is writing it`);
      await refuses(requireOutput(path, { inputs: [] }), says);
      await assert.rejects(
        withOutputLock(path, place, async () => assert.fail('worked')),
        OutputInUseError,
      );
    });
    await requireOutput(path, { inputs: [] });
    await assert.rejects(
      withOutputLock(path, place, async (lock) => {
        await writeFile(`${place.target}.lock`, 'of another');
        await lock.assertHeld();
      }),
      /another process has taken it over/,
    );
  });
});

test('what a killed process left is cleared, what a living one owns is not', async (t: TestContext) => {
  await withDirectory(async (directory) => {
    const at = (name: string) => join(directory, name);
    const { space, pid, started } = await thisOwner();
    const random = '0123456789abcdef';
    const dead = await deadProcess();
    const gone = [
      `.tsos-${space}-${dead}-1-${random}.tmp`,
      `tsos-${space}-${dead}--${random}.tmp`,
      // The number was given to another process since.
      ...(started === '' ? [] : [`.tsos-${space}-${pid}-1-${random}.tmp`]),
    ];
    const kept = [
      `.tsos-${space}-${pid}-${started}-${random}.tmp`,
      `.tsos-${'0'.repeat(12)}-${dead}-1-${random}.tmp`,
      `.tsos-${random}.tmp`,
      'tsos-mine',
    ];
    if (started === '') t.diagnostic('this system does not tell when a process was started');
    for (const name of [...gone, ...kept]) await mkdir(at(name));
    await writeFile(join(at(gone[0]), 'half'), '');
    await clearLeftovers(directory);
    assert.deepEqual((await readdir(directory)).sort(), kept.sort());
  });
});

test('the names of temporary files and folders say whose they are', async () => {
  await withDirectory(async (directory) => {
    for (const hidden of [true, false]) {
      const path = await temporaryPath(directory, { hidden });
      await mkdir(path);
      await clearLeftovers(directory);
      assert.ok(existsSync(path));
    }
  });
});

test('a directory is replaced only where told to, and only one with nothing else in it', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'out');
    const write = (text: string, options = {}) =>
      writeDirectoryAtomic(path, (inside) => writeFile(join(inside, 'file'), text), options);
    await write('one');
    await refuses(write('two'), /out: exists already/);
    const replaceable = (name: string) => name === 'file';
    await write('three', { replaceable });
    assert.equal(await readFile(join(path, 'file'), 'utf8'), 'three');
    await refuses(write('', { replaceable, inputs: [join(path, 'file')] }), /has an input of this run in it/);
    await writeFile(join(path, 'notes'), 'of somebody');
    await refuses(requireDirectory(path, { replaceable }), /has notes in it, which no earlier run wrote/);
    await refuses(requireDirectory(resolve(path, 'file'), { replaceable }), /is a file/);
    assert.deepEqual(await readdir(directory), ['out']);
  });
});

async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid!;
}
