import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as io from '../../src/io.ts';

const DEMO = fileURLToPath(new URL('../../demo/', import.meta.url));

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tsos-door-'));
});

after(() => rm(directory, { recursive: true }));

test('a checkpoint goes through safetensors and back into a checkpoint', async () => {
  await using checkpoint = await io.openCheckpoint(join(DEMO, 'transformer.tar.gz'));
  const file = join(directory, 'model.safetensors');
  await io.writeSafetensors(file, checkpoint);
  await using tensors = await io.openCheckpoint(file);
  const prefix = join(directory, 'again', 'model.ckpt-0');
  await io.writeCheckpoint(prefix, io.readTensors(tensors));
  await using again = await io.openCheckpoint(prefix);
  assert.deepEqual(again.names(), checkpoint.names());
  for (const name of again.names()) assert.deepEqual(await again.read(name), await checkpoint.read(name));
  const { sha256 } = await io.checkpointDigest(prefix);
  assert.match(sha256, /^[0-9a-f]{64}$/);
});

test('pictures go into records of examples and come out decoded', async () => {
  const jpeg = new Uint8Array(await readFile(join(DEMO, 'pictures/7.jpg')));
  const { width, height } = io.readJpegHeader(jpeg);
  assert.equal(io.decodeJpeg(jpeg).data.length, width * height * 3);
  const example = io.encodeExample([
    ['image/encoded', { kind: 'bytes', values: [jpeg] }],
    ['image/class/label', { kind: 'int64', values: BigInt64Array.of(8n) }],
  ]);
  const path = join(directory, 'validation-00000-of-00001');
  await io.writeTfRecords(path, [example, example], { compression: 'gzip' });
  for await (const record of io.readTfRecords(path)) {
    assert.deepEqual(
      [...io.decodeExample(await record.read()).keys()],
      ['image/encoded', 'image/class/label'],
    );
  }
  const pictures = await io.openPictures([path]);
  assert.equal(await io.countPictures(pictures), 2);
  for await (const picture of io.readPictures(pictures, { workers: 0 })) {
    assert.ok('pixels' in picture);
    assert.equal(picture.label, 7);
    assert.deepEqual(picture.pixels, io.evaluationPixels(jpeg));
  }
});

test('text goes into ids and comes back', async () => {
  const vocabulary = await io.loadVocabulary(join(DEMO, 'vocabulary.subwords'));
  const text = 'The technology is there.';
  assert.equal(vocabulary.decode(vocabulary.encode(text)), text);
});
