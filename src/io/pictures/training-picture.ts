import { type RandomKey, uniforms } from '../../base/random.ts';
import { decodeJpeg, readJpegHeader } from '../jpeg/decode.ts';
import { resizeBicubic } from './bicubic.ts';
import { EVALUATION_SIZE, evaluationPixels } from './evaluation-picture.ts';
import { CROP_DRAWS, randomCrop } from './random-crop.ts';

/** How far what a training step sees may be from the picture. */
export interface Augmentation {
  /** Least share of the picture that is seen, in (0, 1]. Default 0.08, as of the original. */
  readonly leastArea?: number | undefined;
  /** Share of the pictures that are mirrored, 0 to 1. Default 0.5. */
  readonly mirrored?: number | undefined;
}

/**
 * What a training step of the paper's ResNet-50 feeds the model for a JPEG: a random crop, decoded by itself and resized by
 * TensorFlow 1's bicubic, mirrored in half of all cases; no change of colours. Where the crop came out as the whole picture, the
 * original takes that for a failure and sees the crop of the evaluation instead; of a grey picture it does not, since it compares
 * channels too.
 *
 * @param key decides on crop and mirroring: the same key gives the same picture
 * @param size width and height of the result, in pixels
 * @param augmentation the original's, unless given
 * @returns `[size, size, 3]`, RGB, in 0..255 but for the overshoot of the resize. The model normalises.
 * @throws {DataError} as `evaluationPixels`.
 */
export function trainingPixels(
  jpeg: Uint8Array,
  key: RandomKey,
  size: number = EVALUATION_SIZE,
  { leastArea, mirrored: share = 0.5 }: Augmentation = {},
): Float32Array<ArrayBuffer> {
  const draws = uniforms(key, CROP_DRAWS + 1);
  const { width, height, components } = readJpegHeader(jpeg);
  const crop = randomCrop({ width, height }, draws, leastArea) ?? { x: 0, y: 0, width, height };
  const isWhole = crop.width === width && crop.height === height && components === 3;
  const pixels = isWhole
    ? evaluationPixels(jpeg, size)
    : resizeBicubic(decodeJpeg(jpeg, { channels: 3, crop }), size, size);
  return draws[CROP_DRAWS] < 1 - share ? pixels : mirrored(pixels, size);
}

/** A picture `[size, size, 3]` with its columns in reverse. */
function mirrored(pixels: Float32Array<ArrayBuffer>, size: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(pixels.length);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const from = 3 * (row * size + column);
      result.set(pixels.subarray(from, from + 3), 3 * (row * size + size - 1 - column));
    }
  }
  return result;
}
