import assert from 'node:assert/strict';
import process from 'node:process';
import { it } from 'node:test';
import { DataError } from '../../../src/base/errors.ts';
import { decodeJpeg, type JpegOptions, readJpegHeader } from '../../../src/io/jpeg/decode.ts';
import fc from '../../support/fast-check.ts';
import { below, type Random, randomFrom } from '../../support/random.ts';
import { type Mutation, mutate } from '../mutation.ts';
import { codedPicture } from './arbitraries.ts';
import { type CodedPicture, type Coding, encodeJpeg, progressiveScript } from './encoder.ts';

/** How many damaged files are decoded; TSOS_JPEG_MUTATIONS sets another number. */
const MUTATIONS = Number(process.env.TSOS_JPEG_MUTATIONS ?? 100_000);
const SEED = 20190225;

/**
 * A limit on samples that damage to a width or height can reach, so that the test does not spend its time on
 * grey.
 */
const MAX_SAMPLES = 2 ** 18;

it(`${MUTATIONS} damaged files become pixels of the size they say, or a DataError`, () => {
  const originals = smallFiles();
  const random = randomFrom(SEED);
  let decoded = 0;
  for (let run = 0; run < MUTATIONS; run++) {
    let bytes: Uint8Array = originals[below(random, originals.length)];
    for (let count = 1 + below(random, 3); count > 0; count--) bytes = mutate(bytes, mutation(random));
    try {
      if (decodes(bytes, random)) decoded++;
    } catch (cause) {
      throw new Error(`mutation ${run}: ${Buffer.from(bytes).toString('base64')}`, { cause });
    }
  }
  // Were nearly all refused by their headers, the rest of the decoder would not have been tried.
  assert.ok(decoded > MUTATIONS / 4, `only ${decoded} of ${MUTATIONS} were decoded`);
});

/** Whether a file is decoded and not refused. */
function decodes(bytes: Uint8Array, random: Random): boolean {
  try {
    const { width, height } = readJpegHeader(bytes);
    const options = optionsFor(width, height, random);
    const { data, channels, ...size } = decodeJpeg(bytes, options);
    const { crop } = options;
    assert.deepEqual([size.width, size.height], crop ? [crop.width, crop.height] : [width, height]);
    assert.equal(data.length, size.width * size.height * channels);
    return true;
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    assert.ok(error.offset !== undefined && error.offset >= 0 && error.offset <= bytes.length, error.message);
    return false;
  }
}

function optionsFor(width: number, height: number, random: Random): JpegOptions {
  const [x, y] = [below(random, width), below(random, height)];
  const crop = { x, y, width: 1 + below(random, width - x), height: 1 + below(random, height - y) };
  return {
    dct: random() < 0.5 ? 'fast' : 'accurate',
    fancyUpsampling: random() < 0.8,
    channels: ([0, 1, 3, 3] as const)[below(random, 4)],
    maxSamples: MAX_SAMPLES,
    ...(random() < 0.5 ? { crop } : {}),
  };
}

function mutation(random: Random): Mutation {
  const bytes = Uint8Array.from({ length: 1 + below(random, 4) }, () => below(random, 256));
  // Markers out of place are the damage a decoder has most to say about.
  if (random() < 0.4) bytes.set([0xff, 0xc0 + below(random, 64)].slice(0, bytes.length));
  return {
    kind: (['flip', 'flip', 'splice', 'splice', 'splice', 'duplicate', 'truncate'] as const)[
      below(random, 7)
    ],
    at: below(random, 1 << 20),
    length: random() < 0.7 ? bytes.length : 1 + below(random, 40),
    bytes,
  };
}

/** Files of every coding, of small pictures of every layout of components. */
function smallFiles(): Uint8Array[] {
  const pictures = fc.sample(codedPicture, { seed: SEED, numRuns: 60 });
  return pictures
    .filter(({ width, height }) => width * height <= 800)
    .flatMap((picture: CodedPicture): Uint8Array[] => {
      const progressive = progressiveScript(picture.components.length);
      const codings: Coding[] = [
        {},
        { restartInterval: 2 },
        { interleaved: false },
        { progressive, restartInterval: 3 },
      ];
      return codings.map((coding) => encodeJpeg(picture, coding));
    });
}
