import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DataError } from '../../../src/base/errors.ts';
import { decodeJpeg } from '../../../src/io/jpeg/decode.ts';
import { type Cut, cutsOf } from './cut-short.ts';

/** What libjpeg-turbo 2.1.5 decodes, read and asked for as TensorFlow does: a digit for each cut. */
const GOLDEN: (Parameters<typeof cutsOf>[0] & { decoded: string })[] = JSON.parse(
  readFileSync(new URL('cut-short.json', import.meta.url), 'utf8'),
);

test('of files without their last bytes those are decoded that libjpeg-turbo decodes for TensorFlow', () => {
  for (const recipe of GOLDEN) {
    const decoded = cutsOf(recipe).map((cut) => Number(isDecoded(cut)));
    assert.equal(decoded.join(''), recipe.decoded, JSON.stringify(recipe));
  }
});

function isDecoded({ bytes, crop }: Cut): boolean {
  try {
    decodeJpeg(bytes, crop === undefined ? {} : { crop });
    return true;
  } catch (error) {
    assert.ok(error instanceof DataError, `${error}`);
    return false;
  }
}

test('hundreds of scans that have no data cost next to nothing, however large the picture', () => {
  // 28 kB of 13,370 × 13,370 pixels in 490 scans: walking over all blocks in each takes 20 seconds.
  const bytes = readFileSync(new URL('many-scans.jpg', import.meta.url));
  const started = performance.now();
  decodeJpeg(bytes, { crop: { x: 0, y: 0, width: 224, height: 224 } });
  assert.ok(performance.now() - started < 8000);
});
