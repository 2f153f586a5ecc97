import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { UsageError } from '../../../src/base/errors.ts';
import { evaluationPixels } from '../../../src/io/pictures/evaluation-picture.ts';
import type { GivenPicture } from '../../../src/io/pictures/given-pictures.ts';
import { openPictures as openOnDisk } from '../../../src/io/pictures/open-pictures.ts';
import { type OpenPicturesOptions, openPictures } from '../../../src/io/pictures/open-pictures-anywhere.ts';
import { readPictures } from '../../../src/io/pictures/read-pictures.ts';
import { recordFrames } from '../../../src/io/records/record-frames.ts';
import { makeJpeg, makeRecord } from './made-pictures.ts';

const JPEGS = [1, 2, 3].map((seed) => new Uint8Array(makeJpeg(seed)));

describe('pictures without a disk', () => {
  it('are JPEG files as Blobs or bytes, in the order they are given', async () => {
    const given = [new File([JPEGS[0]], 'b.jpg'), JPEGS[1], JPEGS[2].buffer];
    const pictures = await read(given, { unlabelled: true });
    assert.deepEqual(
      pictures.map(({ file }) => file),
      ['b.jpg', 'picture 1', 'picture 2'],
    );
    assertPixels(pictures);
  });

  it('have labels by a text or a Blob of it', async () => {
    const given = JPEGS.map((jpeg, i) => new File([jpeg], `${i}.jpg`));
    const text = '2.jpg 7\n0.jpg 5\n1.jpg 6\n';
    for (const labels of [text, new Blob([text])]) {
      assert.deepEqual(
        (await read(given, { labels })).map(({ label }) => label),
        [5, 6, 7],
      );
    }
    await assert.rejects(openPictures(given), UsageError);
    await assert.rejects(openPictures(given, { labels: '0.jpg 1' }), /the labels has no label for 1\.jpg/);
  });

  it('are TFRecord files, packed or not, in the order of their names', async () => {
    const [one, two] = [await recordsOf(JPEGS.slice(0, 2), 11), await recordsOf(JPEGS.slice(2), 21)];
    const given = [new File([gzipSync(two)], 'b'), new File([one], 'a')];
    const pictures = await read(given);
    assert.deepEqual(
      pictures.map(({ file, record, label }) => [file, record, label]),
      [
        ['a', 0, 10],
        ['a', 1, 11],
        ['b', 0, 20],
      ],
    );
    assertPixels(pictures);
  });

  it('can be given to the opener of the disk too', async () => {
    const source = await openOnDisk([JPEGS[0], new Blob([JPEGS[1]])], { unlabelled: true });
    const pictures = [];
    for await (const picture of readPictures(source, { workers: 1 })) pictures.push(picture);
    assertPixels(pictures);
  });
});

describe('Web Workers', () => {
  it('decode where the runtime has them, else the calling thread does', async () => {
    const causes: Error[] = [];
    const source = await openPictures(JPEGS, { unlabelled: true });
    const pictures = [];
    const options = { workers: 2, onWorkersUnavailable: (cause: Error) => causes.push(cause) };
    for await (const picture of readPictures(source, options)) pictures.push(picture);
    assertPixels(pictures);
    assert.equal(causes.length, 'Worker' in globalThis ? 0 : 1);
  });
});

async function read(given: Iterable<GivenPicture>, options?: OpenPicturesOptions) {
  const pictures = [];
  for await (const picture of readPictures(await openPictures(given, options), { workers: 0 })) {
    assert.ok('pixels' in picture);
    pictures.push(picture);
  }
  return pictures;
}

function assertPixels(pictures: readonly object[]): void {
  for (const [at, picture] of pictures.entries()) {
    assert.ok('pixels' in picture);
    assert.deepEqual(picture.pixels, evaluationPixels(JPEGS[at]));
  }
}

async function recordsOf(jpegs: readonly Uint8Array[], firstLabel: number) {
  const examples = jpegs.map((jpeg, i) => makeRecord({ jpeg, label: firstLabel + i }));
  const parts: Uint8Array[] = [];
  for await (const part of recordFrames(examples)) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}
