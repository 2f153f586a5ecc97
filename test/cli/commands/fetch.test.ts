import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PUBLISHED_CHECKPOINTS, publishedCheckpoint } from '../../../src/results/catalogue.ts';
import { sha256, withDirectory } from '../../io/support.ts';
import { checkpointTar, TAR_WEIGHTS } from '../../results/checkpoint-tar.ts';
import { interruptOnce, tsos } from '../../support/command-line.ts';
import { type Asked, cutAfter, fileReply, type Reply, withServer } from '../../support/file-server.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { parsedBySchema } from '../../support/schema.ts';

const { name: NAME, path: PATH } = publishedCheckpoint('magnitude_pruning_0.9_0_400000_10000_0.0_0.1');

/** The published checkpoints, as small as those in {@link checkpointTar}. */
const SMALL = PUBLISHED_CHECKPOINTS.map((checkpoint) => ({ ...checkpoint, ...TAR_WEIGHTS }));

async function mirrored(
  reply: (asked: Asked, tar: Uint8Array, count: number) => Reply,
  use: (options: string[], archive: string, asked: readonly Asked[]) => Promise<void>,
): Promise<void> {
  const tar = await checkpointTar(NAME);
  await withDirectory((cache) =>
    withServer(
      (asked, count) => reply(asked, tar, count),
      async (from, asked) => {
        const catalogue = join(cache, 'catalogue.json');
        await writeFile(catalogue, JSON.stringify({ checkpoints: SMALL }));
        const options = ['--cache', cache, '--from', from, '--catalogue', catalogue];
        await use(options, join(cache, PATH), asked);
      },
    ),
  );
}

test('fetch prints where the archive is, and the second time says that it was there', async () => {
  await mirrored(
    (asked, tar) => fileReply(asked, tar),
    async (options, archive) => {
      const first = await tsos(['fetch', NAME, ...options]);
      assert.deepEqual([first.code, first.stdout], [0, `${archive}\n`], first.stderr);
      assert.match(first.stderr, new RegExp(`${NAME}: complete \\(\\d+ bytes, 2 variables\\)`));
      const second = await tsos(['fetch', NAME, ...options]);
      assert.equal(second.stdout, first.stdout);
      assert.match(second.stderr, /is there already \(\d+ bytes, 2 variables\)/);
      assert.match((await tsos(['inspect', archive])).stdout, /^weights +float32 +\[8, 64\] +2048$/m);
    },
  );
});

test('TSOS_CACHE says where, and --json follows its schema', async () => {
  await mirrored(
    (asked, tar, count) =>
      count === 1 ? { status: 500, headers: { 'Content-Length': 0 } } : fileReply(asked, tar),
    async ([, cache, ...from], archive) => {
      const { code, stdout, stderr } = await tsos(['fetch', NAME, ...from, '--json'], {
        env: { TSOS_CACHE: cache },
      });
      assert.equal(code, 0, stderr);
      assert.match(stderr, /the server answers 500; trying again in 1 s/);
      const report = await parsedBySchema<{ cache: string; checkpoints: unknown[] }>('fetch', stdout);
      assert.equal(report.cache, cache);
      const [, base] = from;
      assert.deepEqual(report.checkpoints, [
        {
          name: NAME,
          path: archive,
          url: `${base}/${PATH}`,
          bytes: statSync(archive).size,
          sha256: sha256(readFileSync(archive)),
          status: 'downloaded',
          resumed: 0,
          variables: 2,
        },
      ]);
    },
  );
});

test('Ctrl-C keeps what has come, and the next run goes on from there', async () => {
  let hangs = true;
  await mirrored(
    (asked, tar) => (hangs ? cutAfter(fileReply(asked, tar), 3000, 'hang') : fileReply(asked, tar)),
    async (options, archive, asked) => {
      const part = `${archive}.part`;
      const during = interruptOnce(part, 3000);
      const interrupted = await tsos(['fetch', NAME, ...options], { during });
      assertOneSentence(interrupted, 130, /interrupted: what has come is kept; run the same again to go on/);
      assert.deepEqual([existsSync(archive), statSync(part).size], [false, 3000]);

      hangs = false;
      const resumed = await tsos(['fetch', NAME, ...options]);
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.match(resumed.stderr, /complete \(\d+ bytes, 2 variables; 3000 bytes were there\)/);
      assert.equal(asked.at(-1)?.headers.range, 'bytes=3000-');
      assert.ok(Buffer.compare(readFileSync(archive), await checkpointTar(NAME)) === 0);
      assert.equal(existsSync(part), false);
    },
  );
});

test('one of several that fails does not keep the others from coming', async () => {
  await mirrored(
    (asked, tar) =>
      asked.path.includes('0.95') ? { status: 404, headers: { 'Content-Length': 0 } } : fileReply(asked, tar),
    async (options) => {
      const chosen = ['--model', 'transformer', '--technique', 'random_pruning', '--sparsity', '0.9..'];
      const { code, stdout, stderr } = await tsos(['fetch', ...chosen, ...options, '--json']);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /there is no such file there \(404\).*--from/);
      const { checkpoints, failures } = await parsedBySchema<{
        checkpoints: { name: string }[];
        failures: { name: string }[];
      }>('fetch', stdout);
      const levels = (items: { name: string }[]) => items.map(({ name }) => name.split('_')[2]);
      assert.deepEqual([levels(checkpoints), levels(failures)], [['0.9', '0.98'], ['0.95']]);
    },
  );
});

test('what is wrongly asked for is told before anything is fetched', async () => {
  for (const [args, code, says] of [
    [[], 2, /name a checkpoint/],
    [['magnitude_pruning_0.9'], 2, /no published checkpoint is called/],
    [[NAME, '--all'], 2, /names exclude --all/],
    [['--sparsity', '0.1'], 2, /no published checkpoint is like that/],
    [[NAME, '--from', 'ftp://x'], 2, /no address to download from/],
    [
      [NAME, '--attempts', '0'],
      2,
      /--attempts <n>' argument '0' is invalid. It must be a whole number from 1/,
    ],
  ] as const) {
    assertOneSentence(await tsos(['fetch', ...args]), code, says);
  }
});
