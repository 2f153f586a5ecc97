import type { JpegReader } from './markers.ts';
import type { StretchedPairs, StretchedRows, Upsampler } from './upsample.ts';

/** What the components of a file mean. */
export type ColourModel = 'grey' | 'ycc' | 'rgb' | 'cmyk' | 'ycck';

/**
 * Finds out what the components mean, by the rules of libjpeg (default_decompress_parms).
 * @throws {DataError} where they cannot become so many channels.
 */
export function colourModelOf(reader: JpegReader, channels: 1 | 3): ColourModel {
  const { frame, hasJfif, adobeTransform } = reader;
  const ids = frame.components.map(({ id }) => id);
  switch (ids.length) {
    case 1:
      return 'grey';
    case 3:
      if (hasJfif) return 'ycc';
      if (adobeTransform !== undefined) return adobeTransform === 0 ? 'rgb' : 'ycc';
      return String.fromCharCode(...ids) === 'RGB' ? 'rgb' : 'ycc';
    case 4:
      if (channels === 1) reader.refuse('a picture of four inks is not decoded to grey');
      return adobeTransform === undefined || adobeTransform === 0 ? 'cmyk' : 'ycck';
    default:
      return reader.refuse(`a picture of ${ids.length} colour components; 1, 3 and 4 have a meaning`);
  }
}

/** Writes a row of pixels of the picture into `out`, from `at` on. */
export type PixelWriter = (row: number, out: Uint8Array, at: number) => void;

/** Where a writer takes pixels from: `count` of them, the first `skip` columns into the stretched rows. */
export interface PixelSource {
  readonly upsampler: Upsampler;
  readonly skip: number;
  readonly count: number;
}

/**
 * How pixels of a colour model become grey (1 channel) or RGB (3). Four inks become RGB as in TensorFlow:
 * each is scaled by black, after turning it over where no Adobe segment says that it already is.
 */
export function pixelWriter(
  model: ColourModel,
  source: PixelSource,
  channels: 1 | 3,
  isInverted: boolean,
): PixelWriter {
  const { upsampler } = source;
  const samples = (index: number, into: Uint8Array): Load => loadSamples(upsampler.rows(index), into);
  const grey = samples(0, FIRST);
  const rgb = () => [grey, samples(1, SECOND), samples(2, THIRD)];
  const black = () => samples(3, BLACK);
  const chroma = () => loadChroma(upsampler.pairs(1, 2));
  const blacken = isInverted ? scaleByBlack : scaleByWhite;
  switch (model) {
    case 'grey':
      return writer(source, [grey], channels === 1 ? copy : spread, channels);
    case 'rgb':
      return writer(source, rgb(), channels === 1 ? weigh : interleave, channels);
    case 'ycc':
      return channels === 1 ? writer(source, [grey], copy, 1) : writer(source, [grey, chroma()], yccToRgb, 3);
    case 'cmyk':
      return writer(source, [...rgb(), black()], (length) => blacken(interleave(length)), 3);
    case 'ycck':
      return writer(source, [grey, black(), chroma()], (length) => blacken(complement(yccToRgb(length))), 3);
  }
}

/*
 * Pixels are converted so many at a time, from constant arrays of this module into another: engines address
 * those much faster than arrays they are given, and they stay in the cache.
 */
const CHUNK = 1024;
const FIRST = new Uint8Array(CHUNK);
const SECOND = new Uint8Array(CHUNK);
const THIRD = new Uint8Array(CHUNK);
const BLACK = new Uint8Array(CHUNK);
/** Samples of cb in the low half of a word, of cr in the high half. */
const CHROMA = new Int32Array(CHUNK);
const PIXELS = new Uint8Array(3 * CHUNK);

/** Brings samples of a component into one of the constant arrays. */
interface Load {
  seek(row: number): void;
  /** From a column of the current row on. */
  load(from: number, length: number): void;
}

function loadSamples(rows: StretchedRows, into: Uint8Array): Load {
  return {
    seek: (row) => rows.seek(row),
    load: (from, length) => {
      const at = rows.offset + from;
      into.set(rows.samples.subarray(at, at + length));
    },
  };
}

function loadChroma(rows: StretchedPairs): Load {
  return {
    seek: (row) => rows.seek(row),
    load: (from, length) => CHROMA.set(rows.pairs.subarray(from, from + length)),
  };
}

/** Converts loaded samples to pixels, in PIXELS; returns the length. */
type Convert = (length: number) => number;

/** @param loads pairs last, because theirs is a row that others may write over. */
function writer(
  { skip, count }: PixelSource,
  loads: readonly Load[],
  convert: Convert,
  channels: 1 | 3,
): PixelWriter {
  return (row, out, at) => {
    for (const load of loads) load.seek(row);
    for (let done = 0; done < count; done += CHUNK) {
      const length = Math.min(CHUNK, count - done);
      for (const load of loads) load.load(skip + done, length);
      convert(length);
      out.set(PIXELS.subarray(0, channels * length), at + channels * done);
    }
  };
}

function copy(length: number): number {
  PIXELS.set(FIRST);
  return length;
}

function spread(length: number): number {
  for (let i = 0, to = 0; i < length; i++, to += 3) {
    const sample = FIRST[i];
    PIXELS[to] = sample;
    PIXELS[to + 1] = sample;
    PIXELS[to + 2] = sample;
  }
  return length;
}

function interleave(length: number): number {
  for (let i = 0, to = 0; i < length; i++, to += 3) {
    PIXELS[to] = FIRST[i];
    PIXELS[to + 1] = SECOND[i];
    PIXELS[to + 2] = THIRD[i];
  }
  return length;
}

/** Red, green and blue to grey, with 16 fraction bits. */
function weigh(length: number): number {
  for (let i = 0; i < length; i++) {
    PIXELS[i] = (19595 * FIRST[i] + 38470 * SECOND[i] + 7471 * THIRD[i] + 32768) >> 16;
  }
  return length;
}

function yccToRgb(length: number): number {
  for (let i = 0, to = 0; i < length; i++, to += 3) {
    const light = FIRST[i] + CLAMP_ZERO;
    const cb = CHROMA[i] & 255;
    const cr = CHROMA[i] >> 16;
    PIXELS[to] = CLAMP[light + CR_TO_RED[cr]];
    PIXELS[to + 1] = CLAMP[light + ((CB_TO_GREEN[cb] + CR_TO_GREEN[cr]) >> 16)];
    PIXELS[to + 2] = CLAMP[light + CB_TO_BLUE[cb]];
  }
  return length;
}

/** Clamps a number from −256 to 767, found CLAMP_ZERO places on: a table, which is faster than comparing. */
const CLAMP_ZERO = 256;
const CLAMP = Uint8Array.from({ length: 1024 }, (_, place) => Math.min(255, Math.max(0, place - CLAMP_ZERO)));

/** The products of JFIF's conversion with 16 fraction bits: 1.402, 1.772, −0.34414, −0.71414. */
const CR_TO_RED = chromaTable((value) => (91881 * value + 32768) >> 16);
const CB_TO_BLUE = chromaTable((value) => (116130 * value + 32768) >> 16);
const CB_TO_GREEN = chromaTable((value) => -22554 * value);
const CR_TO_GREEN = chromaTable((value) => -46802 * value + 32768);

function chromaTable(product: (value: number) => number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, sample) => product(sample - 128));
}

/** Red, green and blue to cyan, magenta and yellow. */
function complement(length: number): number {
  for (let i = 0; i < 3 * length; i++) PIXELS[i] = 255 - PIXELS[i];
  return length;
}

/** For inks that are stored as the light they let through. */
function scaleByBlack(length: number): number {
  for (let i = 0; i < 3 * length; i++) PIXELS[i] = Math.floor((BLACK[Math.floor(i / 3)] * PIXELS[i]) / 255);
  return length;
}

/** For inks that are stored as ink. */
function scaleByWhite(length: number): number {
  for (let i = 0; i < 3 * length; i++) {
    PIXELS[i] = Math.floor(((255 - BLACK[Math.floor(i / 3)]) * (255 - PIXELS[i])) / 255);
  }
  return length;
}
