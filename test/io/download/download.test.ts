import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { TsosError } from '../../../src/base/errors.ts';
import { type DownloadOptions, download } from '../../../src/io/download/download.ts';
import fc from '../../support/fast-check.ts';
import { type Asked, cutAfter, fileReply, type Reply, withServer } from '../../support/file-server.ts';
import { holds } from '../../support/property.ts';
import { withDirectory } from '../support.ts';

const FILE = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) >>> 3);
const QUICK: DownloadOptions = { backoffMs: 1, attempts: 4 };

/** Downloads from a server that replies so, into a fresh directory. */
async function downloading(
  reply: (asked: Asked, count: number) => Reply,
  use: (
    get: (options?: DownloadOptions) => Promise<unknown>,
    path: string,
    asked: readonly Asked[],
  ) => Promise<void>,
): Promise<void> {
  await withDirectory((directory) =>
    withServer(reply, async (base, asked) => {
      const path = join(directory, 'deep', 'file.tar');
      await use((options) => download(`${base}/file.tar`, path, { ...QUICK, ...options }), path, asked);
    }),
  );
}

async function assertWhole(path: string, expected: Uint8Array = FILE): Promise<void> {
  assert.ok(Buffer.compare(await readFile(path), expected) === 0, 'bytes differ');
  assert.deepEqual(await readdir(join(path, '..')), ['file.tar']);
}

test('a file comes whole, with progress, and leaves nothing else behind', async () => {
  await downloading(
    (asked) => fileReply(asked, FILE),
    async (get, path, asked) => {
      const seen: (number | undefined)[][] = [];
      const result = await get({ onProgress: (done, total) => seen.push([done, total]) });
      assert.deepEqual(result, { bytes: FILE.length, resumed: 0 });
      await assertWhole(path);
      assert.deepEqual(seen[0], [0, FILE.length]);
      assert.deepEqual(seen.at(-1), [FILE.length, FILE.length]);
      assert.equal(asked[0].headers['accept-encoding'], 'identity');
    },
  );
});

test('wherever the connection breaks, the rest is asked for and the file is right', async () => {
  const cuts = fc.array(fc.nat({ max: 4000 }), { minLength: 1, maxLength: 3 });
  await holds(
    fc.asyncProperty(cuts, async (breaks) => {
      await downloading(
        (asked, count) => {
          const reply = fileReply(asked, FILE.subarray(0, 5000));
          return count <= breaks.length ? cutAfter(reply, breaks[count - 1]) : reply;
        },
        async (get, path, asked) => {
          await get();
          await assertWhole(path, FILE.subarray(0, 5000));
          for (const { headers } of asked.slice(1)) {
            assert.equal(headers.range === undefined, headers['if-range'] === undefined);
          }
        },
      );
    }),
    12,
  );
});

test('a later run goes on where an earlier one gave up', async () => {
  let broken = true;
  await downloading(
    (asked) =>
      broken ? cutAfter(fileReply(asked, FILE), asked.headers.range ? 0 : 60_000) : fileReply(asked, FILE),
    async (get, path, asked) => {
      await assert.rejects(get(), (error: Error) => {
        assert.ok(error instanceof TsosError);
        assert.match(error.message, /4 times in a row; try again later, 60000 bytes are kept$/);
        return true;
      });
      assert.equal((await stat(`${path}.part`)).size, 60_000);
      broken = false;
      assert.deepEqual(await get(), { bytes: FILE.length, resumed: 60_000 });
      assert.equal(asked.at(-1)?.headers.range, 'bytes=60000-');
      assert.equal(asked.at(-1)?.headers['if-range'], '"one"');
      await assertWhole(path);
    },
  );
});

test('a file that has changed meanwhile is not spliced', async () => {
  const other = FILE.map((byte) => byte ^ 0xff);
  // The second server heeds If-Range; the third does not, and shows another tag or another length.
  const continuations: ((asked: Asked) => Reply)[] = [
    (asked) => fileReply(asked, other, '"two"'),
    (asked) => fileReply({ ...asked, headers: { ...asked.headers, 'if-range': '"two"' } }, other, '"two"'),
    (asked) => fileReply(asked, Uint8Array.of(...other, 1)),
  ];
  for (const [i, later] of continuations.entries()) {
    await downloading(
      (asked, count) => (count === 1 ? cutAfter(fileReply(asked, FILE), 50_000) : later(asked)),
      async (get, path) => {
        assert.deepEqual(await get(), { bytes: i === 2 ? other.length + 1 : other.length, resumed: 0 });
        await assertWhole(path, i === 2 ? Uint8Array.of(...other, 1) : other);
      },
    );
  }
});

test('nothing is gone on with where the server gives no strong mark of the file', async () => {
  for (const mark of [{}, { ETag: 'W/"weak"' }]) {
    await downloading(
      (_, count) => {
        const reply = { status: 200, headers: { 'Content-Length': FILE.length, ...mark }, body: FILE };
        return count === 1 ? cutAfter(reply, 50_000) : reply;
      },
      async (get, path, asked) => {
        await get();
        await assertWhole(path);
        assert.equal(asked[1].headers.range, undefined);
      },
    );
  }
});

test('the date of modification will do for a mark', async () => {
  const date = 'Tue, 26 Feb 2019 10:00:00 GMT';
  await downloading(
    (asked, count) => {
      const { ETag: _, ...headers } = fileReply(asked, FILE, date).headers as Record<string, string>;
      const reply = { ...fileReply(asked, FILE, date), headers: { ...headers, 'Last-Modified': date } };
      return count === 1 ? cutAfter(reply, 50_000) : reply;
    },
    async (get, path, asked) => {
      await get();
      await assertWhole(path);
      assert.deepEqual([asked[1].headers.range, asked[1].headers['if-range']], ['bytes=50000-', date]);
    },
  );
});

test('a server that sends another part than asked for is not believed', async () => {
  await downloading(
    (asked, count) => {
      if (count === 1) return cutAfter(fileReply(asked, FILE), 50_000);
      if (count > 2) return fileReply(asked, FILE);
      const body = FILE.subarray(40_000);
      const range = `bytes 40000-${FILE.length - 1}/${FILE.length}`;
      return { status: 206, headers: { 'Content-Length': body.length, 'Content-Range': range }, body };
    },
    async (get, path, asked) => {
      await get();
      await assertWhole(path);
      assert.equal(asked.length, 3);
    },
  );
});

test('416 ends a download that has all, and restarts one that has too much', async () => {
  const reply = (asked: Asked): Reply => {
    const { status, headers, body } = fileReply(asked, FILE);
    if (status !== 200) return { status, headers: headers!, body: body! };
    // No length, so that the client cannot know by itself that it has all.
    return { status, headers: { ETag: '"one"' }, body: body! };
  };
  for (const [had, resumed] of [
    [FILE.length, FILE.length],
    [FILE.length + 5, 0],
  ]) {
    await withDirectory((directory) =>
      withServer(reply, async (base, asked) => {
        const [url, path] = [`${base}/file.tar`, join(directory, 'file.tar')];
        await writeFile(
          `${path}.part`,
          Uint8Array.from({ length: had }, (_, i) => FILE[i] ?? 0),
        );
        await writeFile(`${path}.part.json`, JSON.stringify({ url, validator: '"one"' }));
        assert.deepEqual(await download(url, path, QUICK), { bytes: FILE.length, resumed });
        assert.equal(asked[0].headers.range, `bytes=${had}-`);
        await assertWhole(path);
      }),
    );
  }
});

test('errors that may pass are retried, with the wait that the server asks for', async () => {
  await downloading(
    (asked, count) => {
      if (count === 1) return { status: 500, headers: { 'Content-Length': 0 } };
      if (count === 2) return { status: 503, headers: { 'Content-Length': 0, 'Retry-After': 1 } };
      return fileReply(asked, FILE);
    },
    async (get, path) => {
      const waits: [string, number][] = [];
      await get({ onRetry: (reason, wait) => waits.push([reason, wait]) });
      await assertWhole(path);
      assert.deepEqual(waits, [
        ['the server answers 500', 1],
        ['the server answers 503', 1000],
      ]);
    },
  );
});

test('refusals are told at once and leave no file', async () => {
  for (const [status, says] of [
    [403, /refuses it \(403\).*--from/],
    [404, /no such file there \(404\).*--from/],
    [400, /the server answers 400/],
  ] as const) {
    await downloading(
      () => ({ status, headers: { 'Content-Length': 3 }, body: Uint8Array.of(1, 2, 3) }),
      async (get, path, asked) => {
        await assert.rejects(get(), (error: Error) => error instanceof TsosError && says.test(error.message));
        assert.equal(asked.length, 1);
        await assert.rejects(stat(path));
      },
    );
  }
});

test('redirects are followed, with the range', async () => {
  await downloading(
    (asked, count) => {
      if (asked.path !== '/moved')
        return { status: 302, headers: { Location: '/moved', 'Content-Length': 0 } };
      const reply = fileReply(asked, FILE);
      return count === 2 ? cutAfter(reply, 50_000) : reply;
    },
    async (get, path, asked) => {
      await get();
      await assertWhole(path);
      assert.deepEqual(
        asked.map(({ path, headers }) => [path, headers.range]),
        [
          ['/file.tar', undefined],
          ['/moved', undefined],
          ['/file.tar', 'bytes=50000-'],
          ['/moved', 'bytes=50000-'],
        ],
      );
    },
  );
});

test('a silent connection is given up and the rest asked for again', async () => {
  await downloading(
    (asked, count) =>
      count === 1 ? cutAfter(fileReply(asked, FILE), 50_000, 'hang') : fileReply(asked, FILE),
    async (get, path) => {
      const reasons: string[] = [];
      await get({ stallMs: 200, onRetry: (reason) => reasons.push(reason) });
      await assertWhole(path);
      assert.deepEqual(reasons, ['nothing came for 0.2 s']);
    },
  );
});

test('a length beyond what the disk has free is refused before anything is written', async () => {
  await downloading(
    () => ({ status: 200, headers: { 'Content-Length': 2 ** 52 }, body: FILE, ending: 'hang' }),
    async (get, path) => {
      await assert.rejects(
        get(),
        /4503599627370496 bytes are still to come and only \d+ are free; make room/,
      );
      assert.equal((await stat(`${path}.part`)).size, 0);
    },
  );
});

test('bytes that do not have the MD5 the server states are thrown away and asked for again', async () => {
  const md5 = createHash('md5').update(FILE).digest('base64');
  await downloading(
    (asked, count) => {
      const reply = fileReply(asked, count === 1 ? FILE.map((byte) => byte ^ 1) : FILE);
      return { ...reply, headers: { ...reply.headers, 'x-goog-hash': `crc32c=AAAAAA==,md5=${md5}` } };
    },
    async (get, path, asked) => {
      await get();
      await assertWhole(path);
      assert.deepEqual(
        asked.map(({ headers }) => headers.range),
        [undefined, undefined],
      );
    },
  );
});

test('an encoded file is refused', async () => {
  await downloading(
    () => ({
      status: 200,
      headers: { 'Content-Length': 3, 'Content-Encoding': 'x' },
      body: Uint8Array.of(1, 2, 3),
    }),
    async (get) => {
      await assert.rejects(get(), /x-encoded/);
    },
  );
});

test('an abort keeps what has come, and throws its reason', async () => {
  await downloading(
    (asked) => cutAfter(fileReply(asked, FILE), 50_000, 'hang'),
    async (get, path) => {
      const controller = new AbortController();
      const onProgress = (done: number) => done === 50_000 && controller.abort(new Error('enough'));
      await assert.rejects(get({ signal: controller.signal, onProgress }), /^Error: enough$/);
      assert.equal((await stat(`${path}.part`)).size, 50_000);
      await assert.rejects(stat(path));
    },
  );
});

test('what the check does not like is removed', async () => {
  await downloading(
    (asked) => fileReply(asked, FILE),
    async (get, path) => {
      const check = async () => {
        throw new Error('no checkpoint');
      };
      await assert.rejects(get({ check }), /no checkpoint/);
      assert.deepEqual(await readdir(join(path, '..')), []);
    },
  );
});
