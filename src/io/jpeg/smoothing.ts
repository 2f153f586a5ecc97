import { SMOOTHED } from './progression.ts';
import { ZIGZAG } from './zigzag.ts';

/*
 * Block smoothing of libjpeg-turbo since 2.1: where scans of a progressive picture are missing, its first
 * coefficients are estimated from the DC coefficients of the 5×5 blocks around. An idea of ITU T.81, K.8,
 * with weights of libjpeg-turbo's own.
 */

/** Weights of the 25 DC coefficients, by rows, in units of 1/256. */
type Kernel = readonly number[];

const NONE: Kernel = new Array<number>(25).fill(0);

// biome-ignore format: these are matrices
const ACROSS_1: Kernel = [
  -1, -1, 0,   1, 1,
  -3, 13, 0, -13, 3,
  -3, 38, 0, -38, 3,
  -3, 13, 0, -13, 3,
  -1, -1, 0,   1, 1,
];
// biome-ignore format: these are matrices
const ACROSS_2: Kernel = [
  0, 0,   0, 0, 0,
  0, 2,  -5, 2, 0,
  1, 7, -14, 7, 1,
  0, 2,  -5, 2, 0,
  0, 0,   0, 0, 0,
];
// biome-ignore format: these are matrices
const DIAGONAL: Kernel = [
  -1,  0, 0,  0,  1,
   0,  9, 0, -9,  0,
   0,  0, 0,  0,  0,
   0, -9, 0,  9,  0,
   1,  0, 0,  0, -1,
];
// biome-ignore format: these are matrices
const ACROSS_3: Kernel = [
  0, 0, 0,  0, 0,
  0, 1, 0, -1, 0,
  0, 2, 0, -2, 0,
  0, 1, 0, -1, 0,
  0, 0, 0,  0, 0,
];
// biome-ignore format: these are matrices
const ACROSS_2_DOWN_1: Kernel = [
  0,  0,  0,  0, 0,
  0,  1, -3,  1, 0,
  0,  0,  0,  0, 0,
  0, -1,  3, -1, 0,
  0,  0,  0,  0, 0,
];
// biome-ignore format: these are matrices
const MEAN: Kernel = [
  -2, -6,  -8, -6, -2,
  -6,  6,  42,  6, -6,
  -8, 42, 152, 42, -8,
  -6,  6,  42,  6, -6,
  -2, -6,  -8, -6, -2,
];

/**
 * Kernels of the first SMOOTHED coefficients, in the order of the file, where only DC coefficients are known.
 */
const FROM_DC_ALONE: readonly Kernel[] = [
  MEAN,
  ACROSS_1,
  transposed(ACROSS_1),
  transposed(ACROSS_2),
  DIAGONAL,
  ACROSS_2,
  ACROSS_3,
  ACROSS_2_DOWN_1,
  transposed(ACROSS_2_DOWN_1),
  transposed(ACROSS_3),
];

// biome-ignore format: these are matrices
const KNOWN_ACROSS_1: Kernel = [
   0,  0, 0,   0, 0,
   0,  0, 0,   0, 0,
  -7, 50, 0, -50, 7,
   0,  0, 0,   0, 0,
   0,  0, 0,   0, 0,
];
// biome-ignore format: these are matrices
const KNOWN_ACROSS_2: Kernel = [
   0,  0,   0,  0,  0,
   0,  0,   0,  0,  0,
  -1, 13, -24, 13, -1,
   0,  0,   0,  0,  0,
   0,  0,   0,  0,  0,
];
// biome-ignore format: these are matrices
const KNOWN_DIAGONAL: Kernel = [
   0,  -1, 0,   1,  0,
  -1,  10, 0, -10,  1,
   0,   0, 0,   0,  0,
   1, -10, 0,  10, -1,
   0,   1, 0,  -1,  0,
];

/** The same where some of the others are known: DC and the last four are left alone. */
const FROM_SOME: readonly Kernel[] = [
  NONE,
  KNOWN_ACROSS_1,
  transposed(KNOWN_ACROSS_1),
  transposed(KNOWN_ACROSS_2),
  KNOWN_DIAGONAL,
  KNOWN_ACROSS_2,
];

/**
 * Fills in the first coefficients of a block that are zero and not known to the last bit.
 * @param block 64 coefficients by rows, not dequantised.
 * @param neighbours DC coefficients of the 5×5 blocks around, by rows.
 * @param bitsLeftOut by coefficient, −1 where nothing of it is known.
 * @param steps quantisation steps in the order of the file.
 */
export function smoothBlock(
  block: Int16Array,
  neighbours: Int32Array,
  bitsLeftOut: Int8Array,
  steps: Uint16Array,
): void {
  const dcAlone = bitsLeftOut.subarray(1, SMOOTHED).every((left) => left === -1);
  const kernels = dcAlone ? FROM_DC_ALONE : FROM_SOME;
  for (let k = 1; k < kernels.length; k++) {
    const left = bitsLeftOut[k];
    if (left === 0 || block[ZIGZAG[k]] !== 0) continue;
    const guess = estimate(kernels[k], neighbours, steps[0], steps[k]);
    const limit = left > 0 ? (1 << left) - 1 : Number.POSITIVE_INFINITY;
    block[ZIGZAG[k]] = Math.max(-limit, Math.min(limit, guess));
  }
  if (dcAlone) block[0] = estimate(MEAN, neighbours, steps[0], steps[0]);
}

/** The weighted sum in steps of the coefficient, rounded to the nearest, halves away from zero. */
function estimate(kernel: Kernel, neighbours: Int32Array, dcStep: number, step: number): number {
  const sum = dcStep * kernel.reduce((total, weight, i) => total + weight * neighbours[i], 0);
  const rounded = Math.floor((128 * step + Math.abs(sum)) / (256 * step));
  return sum < 0 ? -rounded : rounded;
}

function transposed(kernel: Kernel): Kernel {
  return kernel.map((_, i) => kernel[5 * (i % 5) + Math.floor(i / 5)]);
}
