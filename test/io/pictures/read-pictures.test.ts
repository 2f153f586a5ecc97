import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import process from 'node:process';
import { describe, it, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TsosError, UsageError } from '../../../src/base/errors.ts';
import { runtimeArguments } from '../../../src/cli/adapter/runtime-arguments.ts';
import type { DecodeQuestion } from '../../../src/io/pictures/decode-threads.ts';
import { openDecoder } from '../../../src/io/pictures/decoder.ts';
import { evaluationPixels } from '../../../src/io/pictures/evaluation-picture.ts';
import { openPictures } from '../../../src/io/pictures/open-pictures.ts';
import type { PictureSource } from '../../../src/io/pictures/picture-source.ts';
import type { Prepared } from '../../../src/io/pictures/prepare.ts';
import {
  countPictures,
  type ReadPicturesOptions,
  readPictures,
} from '../../../src/io/pictures/read-pictures.ts';
import { AnsweringThread } from '../../../src/io/threads/answering-thread.ts';
import { startNodeThread } from '../../../src/io/threads/node-thread.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';
import { sha256, withDirectory } from '../support.ts';
import { makeJpeg, makeShards } from './made-pictures.ts';

const COUNT = 23;
const BAD = [4, 17];

it('gives all pictures in order with their places, labels and pixels, bad ones among them', () =>
  withSource(async (source) => {
    const items = await read(source, { workers: 0 });
    assert.equal(items.length, COUNT);
    items.forEach((item, position) => {
      const record = position < 10 ? position : position - 10;
      assert.match(
        item,
        new RegExp(`^${position} validation-0000${position < 10 ? 0 : 1}-of-00009 ${record} `),
      );
      if (BAD.includes(position))
        assert.match(item, new RegExp(`record ${record}, its JPEG: GIF; only JPEG is read`));
      else assert.ok(item.endsWith(` ${position} ${pixelHash(position)}`));
    });
  }));

it('gives the same with any number of threads, and with however many ahead', () =>
  withSource(async (source) => {
    const expected = await read(source, { workers: 0 });
    for (const options of [{ workers: 1 }, { workers: 3, ahead: 2 }, { workers: 2, ahead: 1000 }]) {
      assert.deepEqual(await read(source, options), expected);
    }
    assert.deepEqual(await read(source), expected);
  }));

test('shards are all pictures, each once; limit and skip cut the beginning out', () =>
  withSource(async (source) => {
    const all = await read(source, { workers: 0 });
    await holds(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.option(fc.nat(30), { nil: undefined }),
        fc.nat(10),
        async (count, limit, skip) => {
          const limited = limit === undefined ? {} : { limit };
          for (let index = 0; index < count; index++) {
            const selection = { shard: { index, count }, skip, ...limited };
            const expected = all
              .slice(0, limit)
              .filter((_, position) => position % count === index)
              .slice(skip);
            assert.deepEqual(await read(source, { workers: 0, ...selection }), expected);
            assert.equal(await countPictures(source, selection), expected.length);
          }
        },
      ),
      25,
    );
  }));

it('loads no pictures but those selected, and no more ahead than allowed', () =>
  withSource(async (source) => {
    const loaded: number[] = [];
    let given = 0;
    const watched: PictureSource = {
      files: source.files,
      async *entries() {
        for await (const entry of source.entries()) {
          yield {
            ...entry,
            load() {
              loaded.push(entry.record);
              assert.ok(loaded.length - given <= 3);
              return entry.load();
            },
          };
        }
      },
    };
    const selection = { shard: { index: 1, count: 2 }, skip: 1, limit: 10 };
    for await (const _ of readPictures(watched, { workers: 1, ahead: 3, ...selection })) given++;
    assert.deepEqual(loaded, [3, 5, 7, 9]);
  }));

it('refuses options that cannot be, at once', () =>
  withSource(async (source) => {
    for (const options of [
      { workers: -1 },
      { workers: 1.5 },
      { ahead: 0 },
      { limit: -1 },
      { skip: Number.NaN },
      { shard: { index: 2, count: 2 } },
      { shard: { index: -1, count: 2 } },
      { shard: { index: 0, count: 0 } },
    ]) {
      assert.throws(() => readPictures(source, options), UsageError);
    }
    await assert.rejects(countPictures(source, { limit: 0.5 }), UsageError);
  }));

describe('threads', () => {
  it('that cannot be started are replaced by the calling one', async () => {
    const causes: Error[] = [];
    const failing = async () => {
      throw new Error('no threads here');
    };
    const decoder = await openDecoder(2, (cause) => causes.push(cause), failing);
    assert.equal(decoder.threads, 0);
    assert.match(causes[0].message, /no threads here/);
    const jpeg = new Uint8Array(makeJpeg(1));
    assert.deepEqual(await decoder.prepare(jpeg), { pixels: evaluationPixels(jpeg) });
  });

  it('that fail end the reading with the cause', async () => {
    const failing = new URL('./failing-worker.ts', import.meta.url);
    const decoder = await openDecoder(1, assert.fail, () =>
      AnsweringThread.over<DecodeQuestion, Prepared>(startNodeThread(failing), 'decoding'),
    );
    try {
      await assert.rejects(decoder.prepare(makeJpeg(1)), TsosError);
      await assert.rejects(decoder.prepare(makeJpeg(1)), /a decoding thread failed: .*out of order/);
    } finally {
      await decoder.close();
    }
  });

  for (const leaving of ['break', 'throw', 'forget', 'finish']) {
    it(`do not keep the process alive after ${leaving}`, () =>
      withSource(async (source) => {
        const script = fileURLToPath(new URL('./leave-reading.ts', import.meta.url));
        const args = [...runtimeArguments(script), script, leaving, ...source.files];
        const child = spawn(process.execPath, args, {
          stdio: ['ignore', 'pipe', 'inherit'],
          timeout: 60_000,
        });
        let output = '';
        child.stdout.on('data', (chunk) => {
          output += chunk;
        });
        const code = await new Promise((resolve) => child.once('close', resolve));
        assert.deepEqual([code, output], [0, `left by ${leaving}\n`]);
      }));
  }
});

/** Two files of 10 and 13 records, the second compressed. */
async function withSource(use: (source: PictureSource) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    await makeShards(directory, [10, 13], BAD);
    await use(await openPictures([directory]));
  });
}

/** A line for each item. */
async function read(source: PictureSource, options?: ReadPicturesOptions): Promise<string[]> {
  const lines: string[] = [];
  const failOnFallback = {
    onWorkersUnavailable(cause: Error) {
      throw cause;
    },
  };
  for await (const item of readPictures(source, { ...failOnFallback, ...options })) {
    const { position, file, record } = item;
    const result = 'error' in item ? item.error.message : `${item.label} ${hashOf(item.pixels)}`;
    lines.push(`${position} ${file.slice(file.lastIndexOf('validation'))} ${record} ${result}`);
  }
  return lines;
}

function pixelHash(seed: number): string {
  return hashOf(evaluationPixels(makeJpeg(seed)));
}

function hashOf(pixels: Float32Array): string {
  return sha256(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength));
}
