import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { checkpointDigest } from '../../../src/io/checkpoint/checkpoint-digest.ts';
import type { Checkpoint } from '../../../src/io/checkpoint/checkpoint-types.ts';
import { openCheckpoint as openAnywhere } from '../../../src/io/checkpoint/open-anywhere.ts';
import { writeCheckpoint } from '../../../src/io/checkpoint/write-checkpoint.ts';
import fc from '../../support/fast-check.ts';
import { type Asked, type Reply, rangeReply, withServer } from '../../support/file-server.ts';
import { sharedTest } from '../../support/shared.ts';
import { tarOf } from '../archive/tar-writer.ts';
import { assertSameTensor, dataErrorOf, readAll, withCheckpoint, withDirectory } from '../support.ts';
import { tensors } from './arbitraries.ts';

const OPENERS = { 'with a disk': openCheckpoint, 'without a disk': openAnywhere };

for (const name of [
  'cloudml_babyweight_2shard',
  'g2p_t2t_empty_tensors',
  'serving_half_plus_two_snappy',
  'syn_dtypes',
  'syn_partitioned',
  't2t_transformer_2shard',
  'tfx_taxi_estimator_ckpt',
  'v1_serving_half_plus_two',
]) {
  sharedTest(
    `${name} is the same from wherever it is read`,
    ['data', 'checkpoints', name],
    assertSameFromAll,
  );
}

test('any tensors are the same from wherever they are read', async () => {
  await fc.assert(
    fc.asyncProperty(tensors, fc.integer({ min: 1, max: 3 }), (drawn, shards) =>
      withDirectory(async (directory) => {
        await writeCheckpoint(`${directory}/m-1`, drawn, { shards });
        await assertSameFromAll(directory);
      }),
    ),
    { numRuns: 5 },
  );
});

test('of several checkpoints in an archive or a folder one is picked', async () => {
  await withTwo(async (files) => {
    const archive = new Blob([new Uint8Array(tarOf(files))]);
    const folder = Object.entries(files).map(([name, bytes]) => fileAt(`all/${name}`, bytes));
    for (const open of Object.values(OPENERS)) {
      for (const [input, member] of [
        [archive, 'two/m-2'],
        [archive, 'two'],
        [folder, 'all/two'],
        [folder, 'all/two/m-2.index'],
      ] as const) {
        await withCheckpoint(open(input, { member }), async (checkpoint) => {
          assert.deepEqual((await checkpoint.read('step')).data, Int32Array.of(2));
        });
        await dataErrorOf(open(input), /several checkpoints; name one of .*one.*two/);
        await dataErrorOf(open(input, { member: 'three' }), /no checkpoint of this name/);
      }
    }
  });
});

test('what is no checkpoint is refused by what it is called', async () => {
  for (const open of Object.values(OPENERS)) {
    await dataErrorOf(
      open(new Uint8Array(1000)),
      /the given bytes at byte 992: is not a TensorFlow table file/,
    );
    await dataErrorOf(
      open(fileAt('photo.jpg', new Uint8Array(9))),
      /photo\.jpg at byte \d+: is not a TensorFlow table/,
    );
    await dataErrorOf(open(new Blob(['<html>'])), /the given Blob: is a web page/);
    await dataErrorOf(
      open([fileAt('run/a.txt', new Uint8Array(1)), fileAt('run/b.txt', new Uint8Array(1))]),
      /^run: .*without a checkpoint/,
    );
    await assert.rejects(open([]), /no files are given/);
  }
});

test('a file beside a checkpoint is found on a disk, in an archive, among files and on a server', async () => {
  await withDirectory(async (directory) => {
    await writeCheckpoint(`${directory}/m-1`, [step(1)]);
    await writeFile(`${directory}/hparams.json`, '{"num_heads": 4}');
    const files = readFolder(directory);
    const tar = new Uint8Array(tarOf(files));
    await writeFile(`${directory}/packed.tar.gz`, gzipSync(tarOf(without(files, 'hparams.json'))));
    await withFiles(files, true, async (base) => {
      for (const opening of [
        openCheckpoint(directory),
        openCheckpoint(`${directory}/m-1`),
        openCheckpoint(`${directory}/packed.tar.gz`),
        openCheckpoint(new Blob([gzipSync(tar)])),
        openAnywhere(new Blob([gzipSync(tar)])),
        openAnywhere(new Blob([tar])),
        openAnywhere(Object.entries(files).map(([name, bytes]) => fileAt(`run/${name}`, bytes))),
        openAnywhere(`${base}/m-1`),
      ]) {
        await withCheckpoint(opening, async (checkpoint) => {
          const found = await checkpoint.readBeside!('hparams.json');
          assert.equal(new TextDecoder().decode(found?.bytes), '{"num_heads": 4}');
          assert.equal(await checkpoint.readBeside!('nothing.json'), undefined);
        });
      }
    });
  });
});

test('a checkpoint on a server is told apart as one on the disk', async () => {
  await withDirectory(async (directory) => {
    await writeCheckpoint(`${directory}/m-1`, [step(1)]);
    const files = readFolder(directory);
    const packed = new Uint8Array(gzipSync(tarOf(files)));
    await writeFile(`${directory}/a.tgz`, packed);
    await withFiles({ ...files, 'a.tgz': packed }, true, async (base) => {
      for (const name of ['m-1', 'a.tgz']) {
        const { sha256, files } = await checkpointDigest(`${base}/${name}`);
        assert.equal(sha256, (await checkpointDigest(`${directory}/${name}`)).sha256);
        assert.ok(files.every((file) => file.startsWith(base)));
      }
    });
  });
});

test('of an archive on a server no more is fetched than is read', async () => {
  await withDirectory(async (directory) => {
    const data = new Float32Array(2 ** 21).fill(1);
    await writeCheckpoint(`${directory}/m-1`, [
      { name: 'large', dtype: 'float32', shape: [data.length], data },
      step(7),
    ]);
    let sent = 0;
    const tar = tarOf(readFolder(directory));
    const reply = (asked: Asked): Reply => {
      const answer = rangeReply(asked, tar);
      sent += answer.body?.length ?? 0;
      return answer;
    };
    await withServer(reply, async (base) => {
      await withCheckpoint(openAnywhere(`${base}/a.tar?signed=yes`), async (checkpoint) => {
        assert.deepEqual((await checkpoint.read('step')).data, Int32Array.of(7));
        assert.ok(sent < 2 ** 19, `${sent} of ${tar.length} bytes were sent`);
        assert.deepEqual((await checkpoint.read('large')).data, data);
      });
    });
  });
});

/** Reads a checkpoint of a folder from all that it may be in, by both openers, and compares all with the disk. */
async function assertSameFromAll(directory: string): Promise<void> {
  await withCheckpoint(openCheckpoint(directory), async (expected) => {
    const files = readFolder(directory);
    const inRun = Object.entries(files).map(([name, bytes]) => [`run/${name}`, bytes]);
    const tar = new Uint8Array(tarOf(Object.fromEntries(inRun)));
    const inputs = {
      'a tar as a Blob': new Blob([tar]),
      'a tar as a File': fileAt('a.tar', tar),
      'a tar as bytes': tar,
      'a tar as an ArrayBuffer': tar.slice().buffer,
      'a gzipped tar as a Blob': new Blob([gzipSync(tar)]),
      'a folder': Object.entries(files).map(([name, bytes]) => fileAt(`run/${name}`, bytes)),
      'files of a folder': Object.entries(files).map(([name, bytes]) => fileAt(name, bytes)),
    };
    for (const open of Object.values(OPENERS)) {
      for (const input of Object.values(inputs)) await assertSame(open(input), expected);
      for (const ranges of [true, false]) {
        await withFiles({ ...files, 'a.tar': tar, 'a.tgz': gzipSync(tar) }, ranges, async (base) => {
          await assertSame(open(`${base}/a.tar`), expected);
          await assertSame(open(new URL(`${base}/a.tgz`)), expected);
          const [index, ...others] = Object.keys(files).filter((name) => name.endsWith('.index'));
          if (index === undefined || others.length > 0) return;
          await assertSame(open(`${base}/${index}`), expected);
          await assertSame(open(`${base}/${index.slice(0, -'.index'.length)}`), expected);
          if ('checkpoint' in files) await assertSame(open(`${base}/`), expected);
        });
      }
    }
    await assertSame(openCheckpoint(pathToFileURL(directory)), expected);
  });
}

async function assertSame(opening: Promise<Checkpoint>, expected: Checkpoint): Promise<void> {
  await withCheckpoint(opening, async (checkpoint) => {
    assert.deepEqual(checkpoint.names(), expected.names());
    const wanted = await readAll(expected);
    for (const [name, tensor] of await readAll(checkpoint)) {
      assertSameTensor(tensor, wanted.get(name)!, name);
      assert.deepEqual(checkpoint.info(name), expected.info(name));
    }
  });
}

function readFolder(directory: string): Record<string, Uint8Array<ArrayBuffer>> {
  const names = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
  return Object.fromEntries(
    names.map((name) => [name, new Uint8Array(readFileSync(`${directory}/${name}`))]),
  );
}

/** A file as a browser gives one of a chosen folder; alone by its name. */
function fileAt(path: string, bytes: Uint8Array<ArrayBuffer>): File {
  const file = new File([bytes], path.slice(path.lastIndexOf('/') + 1));
  if (path.includes('/')) Object.defineProperty(file, 'webkitRelativePath', { value: path });
  return file;
}

function withFiles(
  files: Readonly<Record<string, Uint8Array>>,
  ranges: boolean,
  use: (base: string) => Promise<void>,
): Promise<void> {
  return withServer((asked) => {
    const file = files[asked.path.slice(1)];
    if (file === undefined) return { status: 404 };
    return ranges ? rangeReply(asked, file) : { status: 200, body: file };
  }, use);
}

async function withTwo(
  use: (files: Record<string, Uint8Array<ArrayBuffer>>) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    await writeCheckpoint(`${directory}/m-1`, [step(1)]);
    const one = readFolder(directory);
    await withDirectory(async (other) => {
      await writeCheckpoint(`${other}/m-2`, [step(2)]);
      const two = readFolder(other);
      const at = (folder: string, files: typeof one) =>
        Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]);
      await use(Object.fromEntries([...at('one', one), ...at('two', two)]));
    });
  });
}

function step(value: number) {
  return { name: 'step', dtype: 'int32', shape: [], data: Int32Array.of(value) } as const;
}

function without<T>(files: Readonly<Record<string, T>>, left: string): Record<string, T> {
  return Object.fromEntries(Object.entries(files).filter(([name]) => name !== left));
}
