import type { JpegReader } from './markers.ts';
import type { Upsampler } from './upsample.ts';

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
 * How pixels of a colour model become grey (1 channel) or RGB (3). Four inks become RGB as in TensorFlow: each is scaled by
 * black, after turning it over where no Adobe segment says that it already is.
 */
export function pixelWriter(
  model: ColourModel,
  source: PixelSource,
  channels: 1 | 3,
  isInverted: boolean,
): PixelWriter {
  if (channels === 1) return model === 'rgb' ? rgbToGrey(source) : copy(source);
  switch (model) {
    case 'grey':
      return interleave(source, [0, 0, 0]);
    case 'rgb':
      return interleave(source, [0, 1, 2]);
    case 'ycc':
      return yccToRgb(source);
    case 'cmyk':
      return blacken(source, isInverted, interleave(source, [0, 1, 2]));
    case 'ycck':
      return blacken(source, isInverted, complement(source, yccToRgb(source)));
  }
}

function copy({ upsampler, skip, count }: PixelSource): PixelWriter {
  const grey = upsampler.rows(0);
  return (row, out, at) => {
    grey.seek(row);
    const from = grey.offset + skip;
    out.set(grey.samples.subarray(from, from + count), at);
  };
}

/** Puts the components of these numbers side by side. */
function interleave({ upsampler, skip, count }: PixelSource, order: readonly number[]): PixelWriter {
  const rows = order.map((index) => upsampler.rows(index));
  return (row, out, at) => {
    for (let channel = 0; channel < 3; channel++) {
      rows[channel].seek(row);
      const { samples, offset } = rows[channel];
      const from = offset + skip;
      for (let i = 0, to = at + channel; i < count; i++, to += 3) out[to] = samples[from + i];
    }
  };
}

function rgbToGrey(source: PixelSource): PixelWriter {
  const pixels = new Uint8Array(3 * source.count);
  const write = interleave(source, [0, 1, 2]);
  return (row, out, at) => {
    write(row, pixels, 0);
    for (let i = 0, from = 0; i < source.count; i++, from += 3) {
      const light = 19595 * pixels[from] + 38470 * pixels[from + 1] + 7471 * pixels[from + 2];
      out[at + i] = (light + 32768) >> 16;
    }
  };
}

function yccToRgb({ upsampler, skip, count }: PixelSource): PixelWriter {
  const luma = upsampler.rows(0);
  const chroma = upsampler.pairs(1, 2);
  const table = chromaTable();
  const scratch = new Uint8Array(3*count);
  return (row, out, at) => {
    luma.seek(row);
    chroma.seek(row);
    convertRow(luma.samples, luma.offset + skip, chroma.pairs, skip, count, table, scratch, 0);
    out.set(scratch, at);
  };
}

function convertRow(
  luma: Uint8Array,
  lumaFrom: number,
  chroma: Int32Array,
  chromaFrom: number,
  count: number,
  table: Int32Array,
  out: Uint8Array,
  at: number,
): void {
  for (let i = 0; i < count; i++) {
    const pair = chroma[chromaFrom + i];
    const light = luma[lumaFrom + i] + 256;
    const cb = pair & 255, cr = pair >> 16;
    const to = at + 3 * i;
    out[to] = CLAMP[light + CR_TO_RED[cr]];
    out[to + 1] = CLAMP[light + ((CB_TO_GREEN[cb] + CR_TO_GREEN[cr]) >> 16)];
    out[to + 2] = CLAMP[light + CB_TO_BLUE[cb]];
  }
}

/** Clamps a number from −256 to 767, found 256 places on. */
const CLAMP = Uint8Array.from({ length: 1024 }, (_, place) => Math.min(255, Math.max(0, place - 256)));

/** One in each of the three 10-bit numbers of a word. */
const EACH_CHANNEL = (1 << 20) | (1 << 10) | 1;

let chromaToRgb: Int32Array | undefined;

/**
 * What the chroma samples cb + 256 · cr add to red, green and blue (JFIF: 1.402, −0.34414, −0.71414, 1.772, with 16 fraction
 * bits), as three numbers of 10 bits, each with 256 added. Made when first needed: it has 65,536 entries.
 */
function chromaTable(): Int32Array {
  chromaToRgb ??= Int32Array.from({ length: 1 << 16 }, (_, index) => {
    const cb = (index & 255) - 128;
    const cr = (index >> 8) - 128;
    const red = (91881 * cr + 32768) >> 16;
    const green = (-22554 * cb - 46802 * cr + 32768) >> 16;
    const blue = (116130 * cb + 32768) >> 16;
    return (red << 20) + (green << 10) + blue + 256 * EACH_CHANNEL;
  });
  return chromaToRgb;
}

/** Turns red, green and blue into cyan, magenta and yellow. */
function complement({ count }: PixelSource, write: PixelWriter): PixelWriter {
  return (row, out, at) => {
    write(row, out, at);
    for (let i = at; i < at + 3 * count; i++) out[i] = 255 - out[i];
  };
}

function blacken(
  { upsampler, skip, count }: PixelSource,
  isInverted: boolean,
  write: PixelWriter,
): PixelWriter {
  const black = upsampler.rows(3);
  return (row, out, at) => {
    write(row, out, at);
    black.seek(row);
    for (let i = 0; i < count; i++) {
      const k = black.samples[black.offset + skip + i];
      for (let to = at + 3 * i; to < at + 3 * i + 3; to++) {
        const product = isInverted ? k * out[to] : (255 - k) * (255 - out[to]);
        out[to] = Math.floor(product / 255);
      }
    }
  };
}

const CR_TO_RED = chroma((value) => (91881 * value + 32768) >> 16);
const CB_TO_BLUE = chroma((value) => (116130 * value + 32768) >> 16);
const CB_TO_GREEN = chroma((value) => -22554 * value);
const CR_TO_GREEN = chroma((value) => -46802 * value + 32768);

function chroma(product: (value: number) => number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, sample) => product(sample - 128));
}
