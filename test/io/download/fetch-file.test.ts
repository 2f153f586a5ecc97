import assert from 'node:assert/strict';
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { type FetchedFile, type FetchFileOptions, fetchFile } from '../../../src/io/download/fetch-file.ts';
import { thisOwner } from '../../../src/io/files/owner.ts';
import { type Asked, cutAfter, fileReply, type Reply, withServer } from '../../support/file-server.ts';
import { dataErrorOf, sha256, withDirectory } from '../support.ts';

const FILE = Uint8Array.from({ length: 20_000 }, (_, i) => (i * i) >>> 3);

async function fetching(
  use: (
    fetch: (options?: FetchFileOptions) => Promise<FetchedFile>,
    path: string,
    asked: readonly Asked[],
  ) => Promise<void>,
  reply: (asked: Asked, count: number) => Reply = (asked) => fileReply(asked, FILE),
): Promise<void> {
  await withDirectory((directory) =>
    withServer(reply, async (base, asked) => {
      const path = join(directory, 'deep', 'file.bin');
      const quick = { backoffMs: 1, attempts: 2, pollMs: 5 };
      await use((options) => fetchFile(`${base}/file.bin`, path, { ...quick, ...options }), path, asked);
    }),
  );
}

test('a file is fetched once, and what is known of it stands beside it', async () => {
  await fetching(async (fetch, path, asked) => {
    const first = await fetch();
    assert.deepEqual(
      [first.status, first.path, first.bytes, first.sha256],
      ['downloaded', path, FILE.length, sha256(FILE)],
    );
    const checked: string[] = [];
    const second = await fetch({ check: async (seen) => void checked.push(seen) });
    assert.deepEqual(second, { ...first, status: 'present' });
    assert.deepEqual([asked.length, checked], [1, []]);
    assert.deepEqual((await readdir(join(path, '..'))).sort(), ['file.bin', 'file.bin.fetched.json']);
  });
});

test('one that was touched is read, and one that was changed is told', async () => {
  await fetching(async (fetch, path, asked) => {
    await fetch();
    await utimes(path, new Date(), new Date(2001, 1));
    assert.equal((await fetch()).status, 'present');
    for (const damaged of [FILE.map((byte, i) => byte ^ Number(i === 777)), FILE.subarray(1), []]) {
      await writeFile(path, Uint8Array.from(damaged));
      await dataErrorOf(fetch(), /file\.bin: is not what was fetched any more; remove it/);
    }
    await rm(path);
    assert.equal((await fetch()).status, 'downloaded');
    assert.equal(asked.length, 2);
  });
});

test('a change that leaves size and date is found with verify', async () => {
  await fetching(async (fetch, path) => {
    await fetch();
    const record = JSON.parse(await readFile(`${path}.fetched.json`, 'utf8'));
    await writeFile(
      path,
      FILE.map((byte, i) => byte ^ Number(i === 777)),
    );
    const date = new Date(record.modified);
    await utimes(path, date, date);
    const { mtimeMs } = await import('node:fs/promises').then(({ stat }) => stat(path));
    await writeFile(`${path}.fetched.json`, JSON.stringify({ ...record, modified: mtimeMs }));
    assert.equal((await fetch()).status, 'present');
    await dataErrorOf(fetch({ verify: true }), /is not what was fetched any more/);
  });
});

test('a file of which nothing is known is looked at as one that comes', async () => {
  await fetching(async (fetch, path, asked) => {
    await fetch();
    for (const record of ['', 'null', '{"bytes":20000}', '{"sha256":7}']) {
      await writeFile(`${path}.fetched.json`, record);
      let checked = 0;
      await fetch({
        async check(seen, digest) {
          checked++;
          assert.deepEqual([seen, digest.sha256], [path, sha256(FILE)]);
        },
      });
      assert.equal(checked, 1);
      // From then on it is known again.
      await fetch({ check: () => assert.fail() });
    }
    assert.equal(asked.length, 1);
    await rm(`${path}.fetched.json`);
    const check = async () => {
      throw new Error('no such thing');
    };
    await assert.rejects(fetch({ check }), /no such thing/);
    assert.ok((await readFile(path)).length > 0, "removed what may be the user's");
  });
});

test('what is pinned holds for what is there too', async () => {
  await fetching(async (fetch) => {
    await fetch({ pinned: { hash: sha256(FILE), by: 'a' } });
    await fetch({ pinned: { hash: sha256(FILE), by: 'a' } });
    await dataErrorOf(fetch({ pinned: { hash: sha256(new Uint8Array(1)), by: 'SUMS' } }), /by SUMS it is/);
  });
});

test('offline nothing is asked, and what is there is enough', async () => {
  await fetching(async (fetch, path, asked) => {
    await assert.rejects(fetch({ offline: true }), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /file\.bin is not there, and offline it cannot be fetched from http:/);
      return true;
    });
    assert.equal(asked.length, 0);
    await fetch();
    assert.equal((await fetch({ offline: true })).path, path);
  });
});

test('of many that want one file one brings it, and the others wait', async () => {
  let waited = 0;
  await fetching(async (fetch, path, asked) => {
    const wanted = Array.from({ length: 8 }, () => fetch({ onWait: () => waited++ }));
    const statuses = (await Promise.all(wanted)).map(({ status }) => status).sort();
    assert.deepEqual(statuses, ['downloaded', ...Array.from({ length: 7 }, () => 'present')]);
    assert.equal(asked.length, 1);
    assert.ok(waited > 0);
    assert.ok(Buffer.compare(await readFile(path), FILE) === 0);
  });
});

test('where the one that brings it fails, the next goes on with what came', async () => {
  await fetching(
    async (fetch, path, asked) => {
      const results = await Promise.allSettled([fetch({ attempts: 1 }), fetch({ attempts: 1 })]);
      assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      assert.equal(asked[1].headers.range, 'bytes=9000-');
      assert.ok(Buffer.compare(await readFile(path), FILE) === 0);
    },
    (asked, count) => (count === 1 ? cutAfter(fileReply(asked, FILE), 9000) : fileReply(asked, FILE)),
  );
});

test('the lock of a process that was killed is in nobody’s way', async () => {
  await fetching(async (fetch, path) => {
    await fetch();
    await rm(path);
    const dead = { ...(await thisOwner()), pid: 2 ** 22 + 1, token: 'old' };
    await writeFile(`${path}.lock`, JSON.stringify(dead));
    assert.equal((await fetch()).status, 'downloaded');
  });
});
