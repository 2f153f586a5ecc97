import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { DataError, TsosError } from '../../../src/base/errors.ts';
import { crc32c } from '../../../src/io/bytes/crc32c.ts';
import { type Downloaded, type DownloadOptions, download } from '../../../src/io/download/download.ts';
import fc from '../../support/fast-check.ts';
import { type Asked, cutAfter, fileReply, type Reply, withServer } from '../../support/file-server.ts';
import { holds } from '../../support/property.ts';
import { sha256, withDirectory } from '../support.ts';

const FILE = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) >>> 3);
/** Its CRC-32C, as Google states it. */
const CRC = Buffer.from(crc32c(FILE, 0).toString(16).padStart(8, '0'), 'hex').toString('base64');
const QUICK: DownloadOptions = { backoffMs: 1, attempts: 4 };

/** Downloads from a server that replies so, into a fresh directory. */
async function downloading(
  reply: (asked: Asked, count: number) => Reply,
  use: (
    get: (options?: DownloadOptions) => Promise<Downloaded>,
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
      const { sha256: hash, ...result } = await get({
        onProgress: (done, total) => seen.push([done, total]),
      });
      assert.deepEqual([hash, result.bytes, result.resumed], [sha256(FILE), FILE.length, 0]);
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
      assert.equal((await get()).resumed, 60_000);
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
        assert.equal((await get()).resumed, 0);
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
        assert.equal((await download(url, path, QUICK)).resumed, resumed);
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
        assert.deepEqual(await readdir(join(path, '..')), []);
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

test('redirects in circles, without end, to nowhere and to where files are not kept are refused', async () => {
  const to = (location: string | undefined): Reply => ({
    status: 302,
    headers: { 'Content-Length': 0, ...(location === undefined ? {} : { Location: location }) },
  });
  const cases: [(asked: Asked, count: number) => Reply, RegExp][] = [
    [() => to('/file.tar'), /redirects in a circle, to http.*file\.tar$/],
    [(asked) => to(asked.path === '/a' ? '/b' : '/a'), /redirects in a circle/],
    [(_, count) => to(`/${count}`), /redirects more than 20 times/],
    [() => to(undefined), /redirects to nowhere, which is no address/],
    [() => to('http://'), /redirects to http:\/\/, which is no address/],
    [() => to('file:///etc/passwd'), /redirects to file:.*name another with --from/],
    [() => to('data:,x'), /redirects to data:/],
  ];
  for (const [reply, says] of cases) {
    await downloading(reply, async (get, path) => {
      await assert.rejects(get(), (error: Error) => error instanceof TsosError && says.test(error.message));
      await assert.rejects(stat(path));
    });
  }
});

test('from https no redirect leads to http', async () => {
  const { fetch: real } = globalThis;
  const asked: string[] = [];
  globalThis.fetch = async (input) => {
    asked.push(String(input));
    const next = asked.length === 1 ? 'https://b.example/2' : 'http://b.example/3';
    return new Response(null, { status: 307, headers: { Location: next } });
  };
  try {
    await withDirectory((directory) =>
      assert.rejects(
        download('https://a.example/1', join(directory, 'file.tar'), QUICK),
        /^TsosError: https:\/\/b\.example\/2: the server redirects to http:\/\/b\.example\/3, where the file could be/,
      ),
    );
  } finally {
    globalThis.fetch = real;
  }
  assert.deepEqual(asked, ['https://a.example/1', 'https://b.example/2']);
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
      assert.deepEqual(await readdir(join(path, '..')), []);
    },
  );
});

test('bytes that do not have the hashes the server states are thrown away and asked for again', async () => {
  const md5 = `md5=${createHash('md5').update(FILE).digest('base64')}`;
  const crc = `crc32c=${CRC}`;
  for (const hashes of [`${crc},${md5}`, md5, `${md5}, ${crc}`, crc]) {
    await downloading(
      (asked, count) => {
        const reply = fileReply(asked, count === 1 ? FILE.map((byte) => byte ^ 1) : FILE);
        return { ...reply, headers: { ...reply.headers, 'x-goog-hash': hashes } };
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
  }
});

test('a hash header that is none says nothing', async () => {
  for (const hashes of [
    'md5=',
    'md5=====',
    'crc32c=AAAAA',
    'sha9=AAAAAA==',
    'xmd5=AAAAAAAAAAAAAAAAAAAAAA==',
  ]) {
    await downloading(
      (asked) => {
        const reply = fileReply(asked, FILE);
        return { ...reply, headers: { ...reply.headers, 'x-goog-hash': hashes } };
      },
      async (get, path) => {
        await get();
        await assertWhole(path);
      },
    );
  }
});

test('a rest that comes with other hashes than the beginning did is not joined to it', async () => {
  await downloading(
    (asked, count) => {
      const reply = fileReply(asked, FILE);
      const hash = count === 2 ? 'crc32c=AAAAAA==' : `crc32c=${CRC}`;
      const whole = { ...reply, headers: { ...reply.headers, 'x-goog-hash': hash } };
      return count === 1 ? cutAfter(whole, 50_000) : whole;
    },
    async (get, path, asked) => {
      assert.equal((await get()).resumed, 0);
      await assertWhole(path);
      assert.equal(asked.length, 3);
    },
  );
});

test('a file that is not the pinned one is not kept', async () => {
  await downloading(
    (asked) => fileReply(asked, FILE),
    async (get, path, asked) => {
      const pinned = { hash: sha256(FILE.subarray(1)), by: 'SHA256SUMS' };
      await assert.rejects(get({ pinned }), (error: Error) => {
        assert.ok(error instanceof DataError);
        assert.match(
          error.message,
          /has the SHA-256 [0-9a-f]{64}, but by SHA256SUMS it is [0-9a-f]{64}; nothing of it/,
        );
        assert.doesNotMatch(error.message, /\.part/);
        return true;
      });
      assert.deepEqual([await readdir(join(path, '..')), asked.length], [[], 1]);
      await get({ pinned: { hash: sha256(FILE), by: 'SHA256SUMS' } });
      await assertWhole(path);
    },
  );
});

test('a server that sends less of the rest than was asked for is asked again', async () => {
  const piece = 30_000;
  await downloading(
    (asked) => {
      const from = Number(/^bytes=(\d+)-$/.exec(asked.headers.range ?? '')?.[1] ?? 0);
      const whole = fileReply(asked, FILE);
      if (from === 0) return cutAfter(whole, piece);
      const body = FILE.subarray(from, from + piece);
      const range = `bytes ${from}-${from + body.length - 1}/${FILE.length}`;
      return {
        status: 206,
        headers: { ...whole.headers, 'Content-Length': body.length, 'Content-Range': range },
        body,
      };
    },
    async (get, path, asked) => {
      await get({ attempts: 2 });
      await assertWhole(path);
      assert.equal(asked.length, 4);
    },
  );
});

test('a server that ignores ranges sends all again, and nothing is there twice', async () => {
  await downloading(
    (_, count) => {
      const reply = {
        status: 200,
        headers: { 'Content-Length': FILE.length, ETag: '"one"', 'Accept-Ranges': 'none' },
        body: FILE,
      };
      return count < 3 ? cutAfter(reply, 20_000 * count) : reply;
    },
    async (get, path, asked) => {
      assert.equal((await get()).resumed, 0);
      await assertWhole(path);
      assert.equal(asked.at(-1)?.headers.range, 'bytes=40000-');
    },
  );
});

test('a server that says nothing of the length is believed at the end of its answer', async () => {
  for (const headers of [{}, { ETag: '"one"' }]) {
    await downloading(
      () => ({ status: 200, headers, body: FILE }),
      async (get, path) => {
        await get();
        await assertWhole(path);
      },
    );
  }
});

test('a wait may be asked for by a date, and is never longer than half a minute', async () => {
  const dates: [string | number, (wait: number) => boolean][] = [
    [new Date(Date.now() + 3000).toUTCString(), (wait) => wait > 100 && wait <= 3000],
    [new Date(0).toUTCString(), (wait) => wait === 1],
    ['soon', (wait) => wait === 1],
    [-5, (wait) => wait === 1],
    [86_400, (wait) => wait === 30_000],
  ];
  for (const [header, isRight] of dates) {
    await downloading(
      () => ({ status: 429, headers: { 'Content-Length': 0, 'Retry-After': header } }),
      async (get) => {
        const controller = new AbortController();
        const waits: number[] = [];
        const onRetry = (_: string, wait: number) => {
          waits.push(wait);
          controller.abort(new Error('seen'));
        };
        await assert.rejects(get({ onRetry, signal: controller.signal }), /^Error: seen$/);
        assert.ok(isRight(waits[0]), `${header}: ${waits}`);
      },
    );
  }
});

test('a full disk is told in a sentence, and what has come before is kept', {
  skip: process.platform === 'linux' ? false : 'only Linux has /dev/full',
}, async () => {
  await withDirectory((directory) =>
    withServer(
      (asked) => fileReply(asked, FILE),
      async (base) => {
        const path = join(directory, 'file.tar');
        await symlink('/dev/full', `${path}.part`);
        const failure = download(`${base}/file.tar`, path, QUICK);
        await assert.rejects(failure, (error: Error) => {
          assert.ok(error instanceof TsosError);
          assert.match(error.message, /file\.tar\.part: the disk is full; free some space/);
          return true;
        });
        await assert.rejects(stat(path));
      },
    ),
  );
});

test('a state of a download that is damaged is no state', async () => {
  for (const state of ['', '[]', '{"url":5}', '{"size":"x"}', '{"validator":{}}', '{"size":-1}', '\u0000']) {
    await withDirectory((directory) =>
      withServer(
        (asked) => fileReply(asked, FILE),
        async (base) => {
          const [url, path] = [`${base}/file.tar`, join(directory, 'file.tar')];
          await writeFile(`${path}.part`, FILE.map((byte) => byte ^ 1).subarray(0, 500));
          const text = state.startsWith('{"') ? state.replace('{', `{"validator":"\\"one\\"",`) : state;
          await writeFile(`${path}.part.json`, text.replace('{', `{"url":${JSON.stringify(url)},`));
          assert.equal((await download(url, path, QUICK)).resumed, 0);
          await assertWhole(path);
        },
      ),
    );
  }
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
