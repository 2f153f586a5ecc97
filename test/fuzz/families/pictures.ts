import assert from 'node:assert/strict';
import { decodeJpeg, readJpegHeader } from '../../../src/io/jpeg/decode.ts';
import { pictureOf, SAMPLINGS } from '../../io/jpeg/arbitraries.ts';
import { type Coding, encodeJpeg, progressiveScript } from '../../io/jpeg/encoder.ts';
import { below } from '../../support/random.ts';
import { damagedBytes } from '../damage.ts';
import { type Family, onlyOf, single } from '../family.ts';

/** Samples that damage to a width or height may reach: time is not to be spent on grey. */
const MOST_SAMPLES = 2 ** 16;

/** JPEGs of every coding and layout of components. */
export const jpeg: Family = {
  name: 'jpeg',
  seeds: () =>
    SAMPLINGS.slice(0, 12).flatMap((sampling, seed) => {
      const picture = pictureOf({ width: 9, height: 11, sampling, seed, largestStep: 30 });
      const progressive = progressiveScript(picture.components.length);
      const codings: Coding[] = [
        {},
        { restartInterval: 2 },
        { interleaved: false },
        { progressive, restartInterval: 3 },
      ];
      return codings.map((coding) => single(encodeJpeg(picture, coding)));
    }),
  repaired(random, seed) {
    // Markers out of place are the damage a decoder has most to say about.
    const bytes = new Uint8Array(onlyOf(seed));
    const at = below(random, bytes.length - 1);
    bytes[at] = 0xff;
    bytes[at + 1] = 0xc0 + below(random, 64);
    return single(random() < 0.5 ? bytes : damagedBytes(random, bytes));
  },
  read(files, random) {
    const bytes = onlyOf(files);
    const { width, height } = readJpegHeader(bytes);
    const [x, y] = [below(random, width), below(random, height)];
    const crop = { x, y, width: 1 + below(random, width - x), height: 1 + below(random, height - y) };
    const isCropped = random() < 0.5;
    const decoded = decodeJpeg(bytes, {
      dct: random() < 0.5 ? 'fast' : 'accurate',
      fancyUpsampling: random() < 0.8,
      maxSamples: MOST_SAMPLES,
      ...(isCropped && { crop }),
    });
    const size = isCropped ? [crop.width, crop.height] : [width, height];
    assert.deepEqual([decoded.width, decoded.height], size);
    assert.equal(decoded.data.length, decoded.width * decoded.height * decoded.channels);
  },
};
