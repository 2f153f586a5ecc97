import { decodeCoefficients } from './coefficients.ts';
import { colourModelOf, pixelWriter } from './colour.ts';
import type { DctMethod } from './inverse-dct.ts';
import { JpegReader, type ScanHeader } from './markers.ts';
import type { Plane } from './plane.ts';
import type { VerticalRounding } from './plane-pairs.ts';
import { decodeSequential } from './sequential.ts';
import { Upsampler } from './upsample.ts';
import { type Rectangle, type Window, windowOf } from './window.ts';

export type { DctMethod, Rectangle, VerticalRounding };

/** What the header of a JPEG file says. */
export interface JpegHeader {
  /** Pixels as stored: EXIF orientation is ignored, as TensorFlow ignores it. */
  readonly width: number;
  /** Rows of pixels as stored. */
  readonly height: number;
  /** Colour components in the file: 1 grey, 3 colour, 4 with black ink. */
  readonly components: number;
  /** Whether it comes in scans that each add to the whole picture. */
  readonly progressive: boolean;
}

/** How a JPEG is decoded. */
export interface JpegOptions {
  /** Inverse DCT: 'fast' (IFAST, TensorFlow's default) or 'accurate' (ISLOW, INTEGER_ACCURATE). */
  readonly dct?: DctMethod;
  /** Triangle filters for subsampled colour, as TensorFlow's `fancy_upscaling`; default true. */
  readonly fancyUpsampling?: boolean;
  /**
   * Decodes only this rectangle, as TensorFlow's `decode_and_crop_jpeg`: its first and last column may differ
   * from the same columns of the whole picture, because the triangle filters take its ends for borders.
   */
  readonly crop?: Rectangle;
  /** 3 RGB (default), 1 grey, 0 as many as the file has, at most 3. */
  readonly channels?: 0 | 1 | 3;
  /** Rounding of 4:4:0 pictures; the default is that of TensorFlow 1.x. */
  readonly h1v2?: VerticalRounding;
  /**
   * Pictures of this many samples (width · height · components) or more are refused; default 2^29, as in
   * TensorFlow.
   */
  readonly maxSamples?: number;
  /** Name of the file, for errors. */
  readonly file?: string;
}

/** A decoded picture. */
export interface DecodedJpeg {
  /** Pixels of a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Bytes of a pixel: grey, or red, green and blue. */
  readonly channels: 1 | 3;
  /** height · width · channels bytes: rows from the top, pixels from the left, channels together. */
  readonly data: Uint8Array;
}

/** TensorFlow's limit (tensorflow/core/lib/jpeg/jpeg_mem.cc). */
const MAX_SAMPLES = 2 ** 29;

/**
 * Reads the header of a JPEG file, up to its first scan.
 * @throws {DataError} where it is no JPEG file, or one of a kind that is not decoded.
 */
export function readJpegHeader(bytes: Uint8Array, file?: string): JpegHeader {
  const reader = new JpegReader(bytes, file);
  firstScan(reader);
  const { width, height, components, progressive } = reader.frame;
  return { width, height, components: components.length, progressive };
}

/**
 * Decodes a JPEG picture, bit for bit as TensorFlow does with libjpeg-turbo: baseline, extended and
 * progressive Huffman coding of 8-bit samples, 1, 3 or 4 components.
 *
 * Damage is treated as TensorFlow treats it. Damaged entropy-coded data gives some picture; what follows the
 * rows of a crop window is not looked at; but a file that ends before, or where libjpeg would read on beyond
 * its end, or that is progressive or needed to its last row and has no end marker, is refused. Memory is bounded by about 6 bytes a sample of the picture,
 * whatever the data says.
 * @throws {DataError} with file, byte and reason: no JPEG file, arithmetic coding, other than 8 bits,
 * lossless, truncated, a crop window outside the picture.
 * @throws {UsageError} where the crop window is not in whole pixels.
 */
export function decodeJpeg(bytes: Uint8Array, options: JpegOptions = {}): DecodedJpeg {
  const { dct = 'fast', fancyUpsampling: fancy = true, maxSamples = MAX_SAMPLES } = options;
  const reader = new JpegReader(bytes, options.file);
  const scan = firstScan(reader);
  const { frame, refuse } = reader;
  const samples = frame.width * frame.height * frame.components.length;
  if (samples >= maxSamples)
    refuse(`the picture has ${samples} samples; fewer than ${maxSamples} are decoded`);
  const channels = (options.channels ?? 3) || (frame.components.length === 1 ? 1 : 3);
  const window = windowOf(frame, options.crop, fancy, refuse);
  const model = colourModelOf(reader, channels);
  const planes = decodePlanes(reader, scan, window, dct);
  const { x, y, width, height, left } = window;
  const rounding = options.h1v2 ?? 'libjpeg-turbo-1.5';
  const upsampler = new Upsampler(frame, planes, fancy, rounding);
  const source = { upsampler, skip: x - left, count: width };
  const write = pixelWriter(model, source, channels, reader.adobeTransform !== undefined);
  const data = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) write(y + row, data, row * width * channels);
  return { width, height, channels, data };
}

function firstScan(reader: JpegReader): ScanHeader {
  return reader.nextScan() ?? reader.refuse('the file ends without a picture');
}

function decodePlanes(reader: JpegReader, scan: ScanHeader, window: Window, dct: DctMethod): Plane[] {
  const { frame } = reader;
  const inOneScan = !frame.progressive && scan.components.length === frame.components.length;
  return (inOneScan ? decodeSequential : decodeCoefficients)(reader, scan, window, dct);
}
