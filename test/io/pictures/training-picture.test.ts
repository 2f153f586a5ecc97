import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomKey, uniforms } from '../../../src/base/random.ts';
import { decodeJpeg } from '../../../src/io/jpeg/decode.ts';
import { resizeBicubic } from '../../../src/io/pictures/bicubic.ts';
import { evaluationPixels } from '../../../src/io/pictures/evaluation-picture.ts';
import { CROP_DRAWS, randomCrop } from '../../../src/io/pictures/random-crop.ts';
import { trainingPixels } from '../../../src/io/pictures/training-picture.ts';
import { below, randomFrom } from '../../support/random.ts';
import { encodeJpeg, paddedBlocks } from '../jpeg/encoder.ts';

describe('trainingPixels', () => {
  const [width, height] = [61, 47];
  const jpeg = madeJpeg(width, height);

  it('is the crop of its key, resized, mirrored for every other key or so', () => {
    let mirrored = 0;
    for (let seed = 0; seed < 200; seed++) {
      const key = randomKey(seed);
      const draws = uniforms(key, CROP_DRAWS + 1);
      const crop = randomCrop({ width, height }, draws)!;
      const expected = resizeBicubic(decodeJpeg(jpeg, { channels: 3, crop }), 32, 32);
      const pixels = trainingPixels(jpeg, key, 32);
      const isMirrored = draws[CROP_DRAWS] >= 0.5;
      mirrored += Number(isMirrored);
      for (let i = 0; i < pixels.length; i++) {
        const [row, column, channel] = [Math.floor(i / 96), Math.floor(i / 3) % 32, i % 3];
        const from = isMirrored ? 31 - column : column;
        assert.equal(pixels[i], expected[96 * row + 3 * from + channel]);
      }
    }
    assert.ok(mirrored > 70 && mirrored < 130, `${mirrored} of 200 mirrored`);
  });

  it('is the crop of the evaluation where no crop was found, but not for a grey picture', () => {
    // So narrow that no crop has an aspect ratio of 3/4 and 10 % of the area.
    const narrow = madeJpeg(8, 300);
    const seen = trainingPixels(narrow, unmirroredKey(), 16);
    assert.deepEqual(seen, evaluationPixels(narrow, 16));
    const grey = madeJpeg(8, 300, 1);
    const whole = resizeBicubic(decodeJpeg(grey, { channels: 3 }), 16, 16);
    assert.deepEqual(trainingPixels(grey, unmirroredKey(), 16), whole);
  });
});

function unmirroredKey() {
  for (let seed = 0; ; seed++)
    if (uniforms(randomKey(seed), CROP_DRAWS + 1)[CROP_DRAWS] < 0.5) return randomKey(seed);
}

/** A JPEG of noise, with so many components. */
function madeJpeg(width: number, height: number, components: 1 | 3 = 3): Uint8Array {
  const random = randomFrom(width);
  const sampling = Array.from({ length: components }, () => ({ h: 1, v: 1, coefficients: new Int16Array() }));
  const layout = { width, height, components: sampling };
  return encodeJpeg({
    ...layout,
    steps: new Array(64).fill(8),
    components: sampling.map(({ h, v }) => {
      const [wide, high] = paddedBlocks(layout, { h, v });
      return {
        h,
        v,
        coefficients: Int16Array.from({ length: 64 * wide * high }, () => below(random, 9) - 4),
      };
    }),
  });
}
