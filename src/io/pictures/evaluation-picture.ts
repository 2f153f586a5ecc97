import { DataError } from '../../base/errors.ts';
import { decodeJpeg, readJpegHeader } from '../jpeg/decode.ts';
import type { Rectangle } from '../jpeg/window.ts';
import { resizeBicubic } from './bicubic.ts';

/** Width and height of what the paper's model sees, in pixels. */
export const EVALUATION_SIZE = 224;

/**
 * What the evaluation of the paper's ResNet-50 feeds the model for a JPEG, bit for bit: the centre crop, decoded by itself
 * (not cut out of the whole decoded picture, from which its outer columns differ), resized by TensorFlow 1's bicubic. The
 * orientation an EXIF header asks for is ignored.
 *
 * @param size width and height of the result, in pixels
 * @returns `[size, size, 3]`, RGB, in 0..255 but for the overshoot of the resize. The model normalises.
 * @throws {DataError} without a file, where it is no JPEG, is cut short, or is too small to have a crop.
 */
export function evaluationPixels(
  jpeg: Uint8Array,
  size: number = EVALUATION_SIZE,
): Float32Array<ArrayBuffer> {
  const { width, height } = readJpegHeader(jpeg);
  const crop = evaluationWindow(width, height);
  if (crop.width === 0) {
    throw new DataError(`a picture of ${width}×${height} pixels is too small: its central crop is empty`);
  }
  return resizeBicubic(decodeJpeg(jpeg, { channels: 3, crop }), size, size);
}

/** The central square with 7/8 (224 of 256) of the shorter side, rounded as the original rounds; empty for a side of 1. */
export function evaluationWindow(width: number, height: number): Rectangle {
  const size = Math.floor((7 * Math.min(width, height)) / 8);
  const offset = (side: number) => Math.floor((side - size + 1) / 2);
  return { x: offset(width), y: offset(height), width: size, height: size };
}
