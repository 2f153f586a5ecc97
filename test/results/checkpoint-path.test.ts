import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import { publishedCheckpoint } from '../../src/results/catalogue.ts';
import { checkpointPath } from '../../src/results/checkpoint-path.ts';
import { openCheckpoint } from '../../src/results/open-checkpoint.ts';
import { withDirectory } from '../io/support.ts';
import { type Asked, fileReply, withServer } from '../support/file-server.ts';
import { checkpointTar, TAR_WEIGHTS } from './checkpoint-tar.ts';

const CHECKPOINT = {
  ...publishedCheckpoint('extended_threshold_0.8_12500_40000_2000_0.1'),
  ...TAR_WEIGHTS,
};
const { name: NAME } = CHECKPOINT;

async function resolving(
  use: (resolve: (given: string) => Promise<string>, cache: string, asked: readonly Asked[]) => Promise<void>,
): Promise<void> {
  const tar = await checkpointTar(NAME);
  await withDirectory((cache) =>
    withServer(
      (asked) => fileReply(asked, tar),
      (from, asked) => {
        const options = { cache, from, catalogue: [CHECKPOINT], attempts: 1 };
        return use((given) => checkpointPath(given, options), cache, asked);
      },
    ),
  );
}

test('a name means the archive in the cache, which is fetched where it is not there', async () => {
  await resolving(async (resolve, cache, asked) => {
    const archive = `${cache}/${CHECKPOINT.path}`;
    for (const given of [NAME, `${NAME}.tar`, NAME]) assert.equal(await resolve(given), archive);
    assert.equal(asked.length, 1);
  });
});

test('a checkpoint that was unpacked in the cache goes before the network', async () => {
  await resolving(async (resolve, cache, asked) => {
    await mkdir(join(cache, 'sparse_rn50', NAME), { recursive: true });
    assert.equal(await resolve(NAME), `${cache}/sparse_rn50/${NAME}`);
    assert.equal(asked.length, 0);
  });
});

test('a path goes before a name', async () => {
  const before = process.cwd();
  await withDirectory(async (directory) => {
    process.chdir(directory);
    try {
      await resolving(async (resolve, _, asked) => {
        for (const there of [`${NAME}.tar`, `${NAME}.index`]) {
          await writeFile(there, '');
          const given = there.replace('.index', '');
          assert.equal(await resolve(given), given);
        }
        assert.equal(await resolve(`./${NAME}x`), `./${NAME}x`);
        assert.equal(asked.length, 0);
      });
    } finally {
      process.chdir(before);
    }
  });
});

test('what is neither is left to those that open it, but for a slip in a name', async () => {
  await resolving(async (resolve) => {
    for (const given of ['model.ckpt-5', 'a/b', 'nothing']) assert.equal(await resolve(given), given);
    const slip = NAME.replace('40000', '4000');
    await assert.rejects(resolve(slip), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.ok(error.message.endsWith(`none is published by that name; did you mean ${NAME}?`));
      return true;
    });
  });
});

test('the library opens a checkpoint by its name as by its path', async () => {
  await resolving(async (_, cache) => {
    const tar = await checkpointTar(NAME);
    await mkdir(join(cache, 'sparse_rn50'), { recursive: true });
    await writeFile(join(cache, 'sparse_rn50', `${NAME}.tar`), tar);
    const published = { cache, catalogue: [CHECKPOINT], offline: true };
    for (const given of [NAME, join(cache, 'sparse_rn50', `${NAME}.tar`)]) {
      await using checkpoint = await openCheckpoint(given, { published });
      assert.deepEqual(checkpoint.names(), ['mask', 'weights']);
    }
  });
});
