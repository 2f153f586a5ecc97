import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../../src/base/errors.ts';
import { FileLock, type LockOwner } from '../../../src/io/files/file-lock.ts';
import { thisOwner } from '../../../src/io/files/owner.ts';
import { withDirectory } from '../support.ts';

const QUICK = { pollMs: 5 };

const ELSEWHERE: LockOwner = { host: 'elsewhere', space: 'of another', pid: 1, started: '1', token: 'a' };

test('a lock has one owner at a time, and the next waits for it', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'file.lock');
    let inside = 0;
    let most = 0;
    let waited = 0;
    const work = async () => {
      const lock = await FileLock.acquire(path, { ...QUICK, onWait: () => waited++ });
      most = Math.max(most, ++inside);
      await sleep(2);
      inside--;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 12 }, work));
    assert.equal(most, 1);
    assert.ok(waited > 0);
    assert.deepEqual(await readdir(directory), []);
  });
});

test('who holds it is told to those that do not want to wait', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'file.lock');
    const lock = await FileLock.tryAcquire(path);
    assert.ok(lock instanceof FileLock);
    const owner = (await FileLock.tryAcquire(path)) as LockOwner;
    assert.deepEqual(owner, { ...(await thisOwner()), token: owner.token });
    await lock.release();
    const next = await FileLock.tryAcquire(path);
    assert.ok(next instanceof FileLock);
    // A second release of the first is not one of the second.
    await lock.release();
    assert.equal(JSON.parse(await readFile(path, 'utf8')).pid, process.pid);
    await next.release();
  });
});

test('the lock of a process of this host that has died is taken over at once', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'file.lock');
    const self = await thisOwner();
    // The last has the number of a living process, which was not started then.
    for (const change of [{ pid: await deadProcess() }, {}, { pid: process.ppid, started: '1' }]) {
      await writeFile(path, JSON.stringify({ ...self, ...change, token: 'old' }));
      const lock = await FileLock.tryAcquire(path);
      assert.ok(lock instanceof FileLock, JSON.stringify(change));
      await lock.release();
    }
  });
});

test('the lock of another host, or of nobody, is taken over once it has been left alone', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'file.lock');
    for (const content of [JSON.stringify(ELSEWHERE), '']) {
      await writeFile(path, content);
      // As of a clock that is far ahead.
      await utimes(path, new Date(2100, 0), new Date(2100, 0));
      assert.ok(!((await FileLock.tryAcquire(path)) instanceof FileLock));
      const started = performance.now();
      const lock = await FileLock.acquire(path, { ...QUICK, staleMs: 100 });
      assert.ok(performance.now() - started >= 90);
      await lock.release();
    }
  });
});

test('one that shows signs of life is not taken over, and waiting for it can be given up', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'file.lock');
    await writeFile(path, JSON.stringify(ELSEWHERE));
    const alive = setInterval(() => utimes(path, new Date(), new Date()).catch(() => {}), 20);
    try {
      const signal = AbortSignal.timeout(600);
      await assert.rejects(FileLock.acquire(path, { ...QUICK, staleMs: 300, signal }), {
        name: 'TimeoutError',
      });
    } finally {
      clearInterval(alive);
    }
    assert.match(await readFile(path, 'utf8'), /elsewhere/);
  });
});

test('where a lock cannot be made, a sentence says so', async () => {
  await withDirectory(async (directory) => {
    await assert.rejects(FileLock.acquire(join(directory, 'none', 'file.lock')), UsageError);
  });
});

async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid!;
}
