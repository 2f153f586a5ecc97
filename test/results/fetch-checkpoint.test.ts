import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { cacheDirectory } from '../../src/io/files/cache-directory.ts';
import { publishedCheckpoint } from '../../src/results/catalogue.ts';
import {
  type Fetchable,
  type FetchedCheckpoint,
  type FetchOptions,
  fetchCheckpoint,
} from '../../src/results/fetch-checkpoint.ts';
import { tarOf } from '../io/archive/tar-writer.ts';
import { dataErrorOf, withDirectory } from '../io/support.ts';
import { type Asked, fileReply, type Reply, withServer } from '../support/file-server.ts';
import { checkpointTar, TAR_WEIGHTS } from './checkpoint-tar.ts';

const CHECKPOINT = {
  ...publishedCheckpoint('standard_threshold_0.9_40000_76000_2000_0.1'),
  ...TAR_WEIGHTS,
};

async function fetching(
  reply: (asked: Asked, tar: Uint8Array) => Reply,
  use: (
    fetch: (change?: Partial<Fetchable>) => Promise<FetchedCheckpoint>,
    path: string,
    asked: readonly Asked[],
    tar: Uint8Array,
  ) => Promise<void>,
): Promise<void> {
  await withDirectory(async (cache) => {
    const tar = await checkpointTar(CHECKPOINT.name);
    await withServer(
      (asked) => reply(asked, tar),
      async (from, asked) => {
        const options: FetchOptions = { cache, from: `${from}/mirror/`, backoffMs: 1, attempts: 2 };
        await use(
          (change) => fetchCheckpoint({ ...CHECKPOINT, ...change }, options),
          join(cache, CHECKPOINT.path),
          asked,
          tar,
        );
      },
    );
  });
}

test('a checkpoint is fetched, looked into, and not fetched again', async () => {
  await fetching(
    (asked, tar) => fileReply(asked, tar),
    async (fetch, path, asked, tar) => {
      const first = await fetch();
      assert.deepEqual(
        [first.status, first.path, first.bytes, first.variables, first.resumed],
        ['downloaded', path, tar.length, 2, 0],
      );
      assert.ok(Buffer.compare(await readFile(path), tar) === 0);
      assert.equal(asked[0].path, `/mirror/${CHECKPOINT.path}`);
      const second = await fetch();
      assert.deepEqual({ ...second, status: 'downloaded' }, first);
      assert.equal(second.status, 'present');
      assert.equal(asked.length, 1);
    },
  );
});

test('what is no checkpoint is not kept', async () => {
  for (const [content, says] of [
    [tarOf({ 'readme.txt': new TextEncoder().encode('nothing') }), /without a checkpoint/],
    [new TextEncoder().encode('<html>moved</html>'), /is a web page, not a checkpoint/],
  ] as const) {
    await fetching(
      (asked) => fileReply(asked, content),
      async (fetch, path) => {
        await dataErrorOf(fetch(), says);
        assert.deepEqual(await readdir(dirname(path)), []);
      },
    );
  }
});

test('a server that understates the length is found out', async () => {
  await fetching(
    (_, tar) => ({ status: 200, headers: { 'Content-Length': tar.length - 1600 }, body: tar }),
    async (fetch, path) => {
      await dataErrorOf(fetch(), /the archive ends within a member header/);
      await assert.rejects(stat(path));
    },
  );
});

test('a server that overstates the length is found out', async () => {
  await fetching(
    (_, tar) => ({ status: 200, headers: { 'Content-Length': tar.length + 100 }, body: tar }),
    async (fetch, path, asked) => {
      await assert.rejects(fetch(), /, 2 times in a row; try again later/);
      assert.equal(asked.length, 2);
      await assert.rejects(stat(path));
    },
  );
});

test('a checkpoint that is not the one asked for is not kept', async () => {
  const others: [Partial<Fetchable>, RegExp][] = [
    [
      { totalWeights: 513 },
      /is not standard_.*: its sparsified layers have 512 weights together, not 513; .* catalogue of its own; nothing of it was kept$/,
    ],
    [{ keptWeights: 250 }, /is not standard_.*: 50\.00 % of its weights are zero, not 51\.17 %/],
    [{ technique: 'l0_regularization' }, /its variables are those of magnitude_pruning, not of l0_reg/],
    [{ technique: 'dense' }, /its variables are those of magnitude_pruning, not of dense/],
  ];
  for (const [change, says] of others) {
    await fetching(
      (asked, tar) => fileReply(asked, tar),
      async (fetch, path) => {
        await dataErrorOf(fetch(change), says);
        assert.deepEqual(await readdir(dirname(path)), []);
        assert.equal((await fetch({ technique: 'random_pruning' })).status, 'downloaded');
      },
    );
  }
});

test('one wrong bit anywhere in what comes is found, without a word of the server', async () => {
  const whole = await checkpointTar(CHECKPOINT.name);
  // In the values: what stands in names of the archive says nothing of the checkpoint.
  const data = whole.indexOf(Buffer.from(Float32Array.from([1, 2, 3]).buffer));
  for (const at of [data, data + 900]) {
    await fetching(
      (asked, tar) =>
        fileReply(
          asked,
          tar.map((byte, i) => byte ^ (i === at ? 4 : 0)),
        ),
      async (fetch, path) => {
        await dataErrorOf(fetch(), /checksum/);
        assert.deepEqual(await readdir(dirname(path)), []);
      },
    );
  }
});

test('a file in the cache is not taken for what another catalogue has by its name', async () => {
  await fetching(
    (asked, tar) => fileReply(asked, tar),
    async (fetch, _, asked) => {
      await fetch();
      await dataErrorOf(
        fetch({ technique: 'dense' }),
        /its variables are those of magnitude_pruning, not of dense/,
      );
      assert.equal((await fetch()).status, 'present');
      assert.equal(asked.length, 1);
    },
  );
});

test('a damaged file in the cache is told, not passed for one that is there', async () => {
  await fetching(
    (asked, tar) => fileReply(asked, tar),
    async (fetch, path) => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, 'damaged');
      await dataErrorOf(fetch(), /standard_threshold/);
    },
  );
});

test('the cache is where the system keeps such things, or where the user says', () => {
  const cases: [Record<string, string>, NodeJS.Platform, string][] = [
    [{}, 'linux', '/home/x/.cache/tsos'],
    [{ XDG_CACHE_HOME: '/c' }, 'linux', '/c/tsos'],
    [{}, 'darwin', '/home/x/Library/Caches/tsos'],
    [{ LOCALAPPDATA: '/l' }, 'win32', '/l/tsos/Cache'],
    [{ TSOS_CACHE: '/t', XDG_CACHE_HOME: '/c' }, 'linux', '/t'],
  ];
  for (const [environment, platform, expected] of cases) {
    assert.equal(cacheDirectory(environment, platform, '/home/x').replaceAll('\\', '/'), expected);
  }
});
