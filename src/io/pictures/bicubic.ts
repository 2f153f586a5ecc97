import { UsageError } from '../../base/errors.ts';
import { roundHalfEven } from '../../base/round-half-even.ts';

/** A picture as rows of pixels, channels innermost: `data[(y * width + x) * channels + channel]`. */
export interface RasterPicture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array | Float32Array;
}

/**
 * Resizes as TensorFlow 1's `resize_bicubic` does with its defaults (`align_corners` and `half_pixel_centers` false): 4 by 4
 * taps with a = -3/4 wherever the source is, no antialiasing, coordinates without a half-pixel shift, edge pixels repeated.
 * Bit for bit its CPU kernel without fused multiply-adds: every product and sum is rounded to float32, vertical first.
 *
 * @returns `[height, width, channels]`, neither rounded nor clamped: values overshoot those of the picture.
 * @throws {UsageError} where a size is not at least 1, or the data are not those of such a picture.
 */
export function resizeBicubic(
  picture: RasterPicture,
  width: number,
  height: number,
): Float32Array<ArrayBuffer> {
  const { channels, data } = picture;
  if (Math.min(picture.width, picture.height, width, height) < 1) {
    throw new UsageError(
      `a picture of ${picture.width}×${picture.height} cannot be resized to ${width}×${height}`,
    );
  }
  if (data.length !== picture.width * picture.height * channels) {
    throw new UsageError(
      `${data.length} values are no picture of ${picture.width}×${picture.height} with ${channels} channels`,
    );
  }
  const stride = picture.width * channels;
  const rows = tapsFor(picture.height, height, stride);
  const columns = tapsFor(picture.width, width, channels);
  const line = new Float32Array(stride);
  const resized = new Float32Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    blendRows(data, rows, y, line);
    blendColumns(line, columns, channels, resized.subarray(y * width * channels));
  }
  return resized;
}

/** For each place of the result along one axis, where the four source places begin that it is made of, and their weights. */
interface Taps {
  /** `[out, 4]` */
  readonly offsets: Int32Array;
  /** `[out, 4]` */
  readonly weights: Float32Array;
}

/** Steps of the fractional coordinate; weights come from a table of these. */
const STEPS = 1024;
const A = -0.75;
/** Weight of a source place at distance `i / STEPS`, and at that distance plus one. */
const NEAR = Float32Array.from({ length: STEPS + 1 }, (_, i) => nearWeight(Math.fround(i / STEPS)));
const FAR = Float32Array.from({ length: STEPS + 1 }, (_, i) => farWeight(Math.fround(i / STEPS + 1)));

function nearWeight(t: number): number {
  return ((A + 2) * t - (A + 3)) * t * t + 1;
}

function farWeight(t: number): number {
  return ((A * t - 5 * A) * t + 8 * A) * t - 4 * A;
}

/** @param stride values from one source place to the next. */
function tapsFor(inSize: number, outSize: number, stride: number): Taps {
  const offsets = new Int32Array(4 * outSize);
  const weights = new Float32Array(4 * outSize);
  const scale = Math.fround(inSize / outSize);
  for (let out = 0; out < outSize; out++) {
    const location = Math.fround(out * scale);
    const base = Math.floor(location);
    const step = roundHalfEven(Math.fround(location - base) * STEPS);
    weights.set([FAR[step], NEAR[step], NEAR[STEPS - step], FAR[STEPS - step]], 4 * out);
    for (let tap = 0; tap < 4; tap++) {
      offsets[4 * out + tap] = Math.min(Math.max(base - 1 + tap, 0), inSize - 1) * stride;
    }
  }
  return { offsets, weights };
}

/** `line[column, channel]`: the source at the row `y` of the result, at every column of the source. */
function blendRows(
  data: RasterPicture['data'],
  { offsets, weights }: Taps,
  y: number,
  line: Float32Array,
): void {
  const f = Math.fround;
  const [row0, row1, row2, row3] = offsets.subarray(4 * y, 4 * y + 4);
  const [w0, w1, w2, w3] = weights.subarray(4 * y, 4 * y + 4);
  for (let i = 0; i < line.length; i++) {
    const v01 = f(f(data[row0 + i] * w0) + f(data[row1 + i] * w1));
    line[i] = f(f(v01 + f(data[row2 + i] * w2)) + f(data[row3 + i] * w3));
  }
}

/** `row[x, channel]` of the result. */
function blendColumns(
  line: Float32Array,
  { offsets, weights }: Taps,
  channels: number,
  row: Float32Array,
): void {
  const f = Math.fround;
  for (let tap = 0, out = 0; tap < offsets.length; tap += 4) {
    for (let channel = 0; channel < channels; channel++, out++) {
      const v0 = line[offsets[tap] + channel];
      const v1 = line[offsets[tap + 1] + channel];
      const v2 = line[offsets[tap + 2] + channel];
      const v3 = line[offsets[tap + 3] + channel];
      const v01 = f(f(v0 * weights[tap]) + f(v1 * weights[tap + 1]));
      row[out] = f(f(v01 + f(v2 * weights[tap + 2])) + f(v3 * weights[tap + 3]));
    }
  }
}
