import { roundHalfEven } from '../../base/round-half-even.ts';
import type { Rectangle } from '../jpeg/window.ts';

/** Attempts at a crop before the whole picture is taken. */
const ATTEMPTS = 10;
/** Uniform numbers that an attempt uses: aspect ratio, height, row, column. */
const DRAWS_AN_ATTEMPT = 4;

/** Uniform numbers in [0, 1) that {@link randomCrop} reads. */
export const CROP_DRAWS = ATTEMPTS * DRAWS_AN_ATTEMPT;

/** Least share of the picture that the original's crops have. */
const LEAST_AREA = 0.08;
/** Bounds of a crop's width over its height. */
const ASPECT = [Math.fround(3 / 4), Math.fround(4 / 3)] as const;
/** A crop must cover so much of the picture, whatever bound is given. */
const LEAST_COVERED = Math.fround(0.1);

/**
 * The part of a picture that a training step of the paper's ResNet-50 sees: TensorFlow's `sample_distorted_bounding_box` with
 * the whole picture as the only box, area in [8 %, 100 %] of which 10 % must be covered, width over height in [3/4, 4/3]. In
 * float32, as TensorFlow computes.
 *
 * @param width of the picture, in pixels; likewise `height`
 * @param draws at least `CROP_DRAWS` uniform numbers in [0, 1)
 * @param leastArea another bound than 8 %
 * @returns nothing where ten attempts gave no such crop: the whole picture is meant.
 */
export function randomCrop(
  { width, height }: { readonly width: number; readonly height: number },
  draws: ArrayLike<number>,
  leastArea = LEAST_AREA,
): Rectangle | undefined {
  for (let at = 0; at < CROP_DRAWS; at += DRAWS_AN_ATTEMPT) {
    const aspect = f(f(draws[at] * f(ASPECT[1] - ASPECT[0])) + ASPECT[0]);
    const size = cropSize({ width, height, leastArea }, aspect, draws[at + 1]);
    if (size === undefined) continue;
    const y = below(height - size.height, draws[at + 2]);
    const x = below(width - size.width, draws[at + 3]);
    // TensorFlow divides the two areas in float32.
    if (f(f(size.width * size.height) / f(width * height)) < LEAST_COVERED) continue;
    return { x, y, ...size };
  }
  return undefined;
}

/** Width and height of an attempt; nothing where it leaves the bounds. */
function cropSize(
  picture: { readonly width: number; readonly height: number; readonly leastArea: number },
  aspect: number,
  draw: number,
): { width: number; height: number } | undefined {
  const [leastArea, mostArea] = [f(picture.leastArea), 1].map((share) =>
    f(f(share * picture.width) * picture.height),
  );
  const widthOf = (height: number) => roundHalfEven(f(height * aspect));
  let most = roundHalfEven(f(Math.sqrt(f(mostArea / aspect))));
  if (widthOf(most) > picture.width) {
    // The largest height whose width, rounded, still fits.
    most = Math.trunc((picture.width + 0.5 - 1e-7) / aspect);
    if (widthOf(most) > picture.width) most--;
  }
  most = Math.min(most, picture.height);
  let height = Math.min(roundHalfEven(f(Math.sqrt(f(leastArea / aspect)))), most);
  height += below(most - height + 1, draw);
  // Rounding may have left the bounds by a pixel: first a larger crop, then a smaller one.
  if (height * widthOf(height) < leastArea) height++;
  if (height * widthOf(height) > mostArea) height--;
  const width = widthOf(height);
  const fits = width <= picture.width && height <= picture.height && Math.min(width, height) > 0;
  const area = width * height;
  return fits && area >= leastArea && area <= mostArea ? { width, height } : undefined;
}

/** A whole number in [0, count), 0 where there is no other. */
function below(count: number, draw: number): number {
  return Math.floor(Math.max(count, 1) * draw);
}

function f(value: number): number {
  return Math.fround(value);
}
