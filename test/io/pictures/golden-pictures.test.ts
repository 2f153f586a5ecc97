import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { evaluationPixels, evaluationWindow } from '../../../src/io/pictures/evaluation-picture.ts';
import { type OpenPicturesOptions, openPictures } from '../../../src/io/pictures/open-pictures.ts';
import { type BadPicture, type Picture, readPictures } from '../../../src/io/pictures/read-pictures.ts';
import { sharedTest } from '../../support/shared.ts';
import { sha256, withDirectory } from '../support.ts';

const GOLDENS = ['goldens', 'resnet50', 'C_input'];

sharedTest('TFRecord files give the bits and labels that TensorFlow gave', GOLDENS, async (folder) => {
  const { pictures } = golden(folder);
  const items = await read([join(folder, 'tfrecord')]);
  assert.deepEqual(
    items.map((item) => [item.file.split('/').at(-1), item.record, labelOf(item), hashOf(item)]),
    pictures.map((each) => [
      each.shard,
      each.record_in_shard,
      each.label_after_minus_1,
      each.preprocess_eval.sha256,
    ]),
  );
});

sharedTest('a gzipped file gives the same', GOLDENS, async (folder) => {
  const { pictures, gzip_records } = golden(folder);
  const items = await read([join(folder, 'tfrecord_gzip')]);
  assert.deepEqual(
    items.map(hashOf),
    gzip_records.map((name) => pictures.find((each) => each.name === name)!.preprocess_eval.sha256),
  );
});

sharedTest('the same pictures as files, with a labels file, give the same', GOLDENS, async (folder) => {
  await withDirectory(async (directory) => {
    const { pictures } = golden(folder);
    for (const { name } of pictures)
      copyFileSync(join(folder, 'jpeg', `${name}.jpg`), join(directory, `${name}.jpg`));
    const labels = join(directory, 'labels.txt');
    writeFileSync(labels, pictures.map((each) => `${each.name}.jpg ${each.label_after_minus_1}\n`).join(''));
    const items = await read([directory], { labels });
    assert.deepEqual(
      items.map((item) => [item.file, labelOf(item), hashOf(item)]).sort(),
      pictures
        .map((each) => [
          join(directory, `${each.name}.jpg`),
          each.label_after_minus_1,
          each.preprocess_eval.sha256,
        ])
        .sort(),
    );
  });
});

sharedTest('the central crop is where TensorFlow cut it', GOLDENS, async (folder) => {
  for (const { eval_crop_window_yxhw, extract_jpeg_shape } of golden(folder).pictures) {
    const [height, width] = extract_jpeg_shape;
    const window = evaluationWindow(width, height);
    assert.deepEqual([window.y, window.x, window.height, window.width], eval_crop_window_yxhw);
  }
});

sharedTest(
  'broken files give what TensorFlow gave, each record for itself',
  [...GOLDENS, 'corrupt'],
  async (folder) => {
    const cases = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as Record<
      string,
      CorruptCase
    >;
    assert.equal(Object.keys(cases).length, readdirSync(folder).length - 1);
    for (const [name, { per_record }] of Object.entries(cases)) {
      const items = await read([join(folder, name)]);
      assert.deepEqual(
        items.map((item) => ('error' in item ? 'error' : [item.label, hashOf(item)])),
        per_record.map((each) => (each.ok && name !== ARITHMETIC ? [each.label, each.sha256] : 'error')),
        name,
      );
      for (const item of items) {
        if ('error' in item)
          assert.match(item.error.message, new RegExp(`${name}/validation-.* record ${item.record}\\b`));
      }
    }
  },
);

/** Decoded by TensorFlow 2.21, of which nothing is known for 1.x; arithmetic coding is refused here. */
const ARITHMETIC = 'fixture_arith_420_testimgari';

const JPEGS = ['data', 'jpeg'];
sharedTest('pictures of all kinds give the published pixels, value by value', JPEGS, async (folder) => {
  const published = readdirSync(folder).filter((name) => name.endsWith('.tf_eval224_fast.f32.gz'));
  assert.ok(published.length >= 2);
  for (const file of published) {
    const expected = gunzipSync(readFileSync(join(folder, file)));
    const jpeg = readFileSync(join(folder, file.replace('.tf_eval224_fast.f32.gz', '.jpg')));
    const pixels = evaluationPixels(jpeg);
    assert.equal(expected.length, pixels.byteLength);
    pixels.forEach((value, at) => {
      assert.equal(value, expected.readFloatLE(4 * at), `${file}, value ${at}`);
    });
  }
});

sharedTest('pictures of all kinds have the published digests', JPEGS, async (folder) => {
  const cases = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<string, JpegCase>;
  let checked = 0;
  for (const [name, { tf_eval224_fast, ...other }] of Object.entries(cases)) {
    if (tf_eval224_fast === undefined) continue;
    const pixels = evaluationPixels(readFileSync(join(folder, `${name}.jpg`)));
    // TensorFlow 1.x had a library that rounds 4:4:0 otherwise than the one the other digests are from.
    const digest = other['libjpeg_turbo_1.5.3_and_2.0.0']?.eval224_fast ?? tf_eval224_fast.sha256;
    assert.equal(sha256(new Uint8Array(pixels.buffer)), digest, name);
    checked++;
  }
  assert.ok(checked > 0);
});

it('the crop is 7/8 of the shorter side, rounded down, in the middle', () => {
  assert.deepEqual(evaluationWindow(500, 375), { x: 86, y: 24, width: 328, height: 328 });
  assert.deepEqual(evaluationWindow(333, 500), { x: 21, y: 105, width: 291, height: 291 });
  assert.deepEqual(evaluationWindow(400, 300), { x: 69, y: 19, width: 262, height: 262 });
  assert.deepEqual(evaluationWindow(2, 7), { x: 1, y: 3, width: 1, height: 1 });
  for (let side = 1; side < 70_000; side++) {
    const { width, x } = evaluationWindow(side, side + 3);
    assert.equal(width, Math.trunc(Math.fround(Math.fround(0.875) * Math.fround(side))));
    assert.equal(x, Math.floor((side - width + 1) / 2));
  }
});

interface GoldenPicture {
  name: string;
  shard: string;
  record_in_shard: number;
  label_after_minus_1: number;
  extract_jpeg_shape: [height: number, width: number, components: number];
  eval_crop_window_yxhw: number[];
  preprocess_eval: { sha256: string };
}

interface CorruptCase {
  per_record: { ok?: boolean; label?: number; sha256?: string }[];
}

interface JpegCase {
  tf_eval224_fast?: { sha256: string };
  'libjpeg_turbo_1.5.3_and_2.0.0'?: { eval224_fast: string };
}

function golden(folder: string): { pictures: GoldenPicture[]; gzip_records: string[] } {
  return JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8'));
}

async function read(paths: string[], options?: OpenPicturesOptions): Promise<(Picture | BadPicture)[]> {
  const items: (Picture | BadPicture)[] = [];
  for await (const item of readPictures(await openPictures(paths, options), { workers: 0 })) items.push(item);
  return items;
}

function labelOf(item: Picture | BadPicture): number | undefined {
  return 'error' in item ? assert.fail(item.error) : item.label;
}

function hashOf(item: Picture | BadPicture): string {
  return 'error' in item ? item.error.message : sha256(new Uint8Array(item.pixels.buffer));
}
