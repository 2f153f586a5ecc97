import { type Kernel, kernel } from './kernel.ts';
import { eachElement } from './linear-grid.ts';

/*
 * The mask of the K largest magnitudes by radix selection, with no help of the host: the bit pattern of |w| without its sign sorts
 * as |w| does, so its digits of 11, 10 and 10 bits are chosen one after the other, from the left.
 *
 *     counts[digit of |w_i|] += 1                    over all i whose digits before are the chosen ones
 *     sums[j] = Σ counts[32 j … 32 j + 31]
 *     found ← the digit in which the K-th largest lies, and how many are larger
 *     mask[i] = 1 if bits of |w_i| ≥ those of the K-th largest, else 0
 *
 * A row of `found` has four words: the digits chosen so far; how many are left of K among what begins with them; weights that are
 * kept, ties included; weights that are not finite. `counts` has room for the three digits. Weights are bound as bit patterns, since
 * devices may take subnormal floats for 0. All tensors are contiguous.
 */

/** A digit of a magnitude. */
export interface Digit {
  /** Of it. */
  readonly bits: number;
  /** Bits behind it. */
  readonly shift: number;
  /** Where its counts begin. */
  readonly offset: number;
}

/** Values that a digit may have. */
const VALUES = 2 ** 11;

export const DIGITS: readonly Digit[] = [
  { bits: 11, shift: 20, offset: 0 },
  { bits: 10, shift: 10, offset: VALUES },
  { bits: 10, shift: 0, offset: 2 * VALUES },
];

/** Words of `counts`. */
export const COUNTS = DIGITS.length * VALUES;
/** Words of a row of `found`. */
export const FOUND_WORDS = 4;
/** Counts of a sum. */
export const COUNTS_OF_A_SUM = 32;
/** Words of `sums`. */
export const SUMS = VALUES / COUNTS_OF_A_SUM;

const WEIGHTS = { name: 'weights', element: 'u32', access: 'read' } as const;
const FOUND = { name: 'found', element: 'u32', access: 'read' } as const;
const MAGNITUDE = 'let magnitude = weights[i] & 0x7fffffffu;';
const ROW = `let row = ${FOUND_WORDS}u * params.row;`;

/** Begins a row of `found` with its K of `wanted`, and all counts with 0. Dispatched over `COUNTS` elements. */
export const BEGIN_SELECTION: Kernel = kernel({
  name: 'begin to select magnitudes',
  parameters: [{ name: 'row', type: 'u32' }],
  bindings: [
    { name: 'wanted', element: 'u32', access: 'read' },
    { name: 'found', element: 'u32', access: 'read_write' },
    { name: 'counts', element: 'u32', access: 'read_write' },
  ],
  body: eachElement(
    `${COUNTS}u`,
    `  counts[i] = 0u;
  if (i != 0u) { return; }
  ${ROW}
  found[row] = 0u;
  found[row + 1u] = wanted[params.row];
  found[row + 2u] = 0u;
  found[row + 3u] = 0u;`,
  ),
});

/** Dispatched over the weights. */
export const COUNT_DIGITS: Kernel = kernel({
  name: 'count digits',
  parameters: ['count', 'row', 'bits', 'shift', 'offset'].map((name) => ({ name, type: 'u32' })),
  bindings: [WEIGHTS, FOUND, { name: 'counts', element: 'atomic<u32>', access: 'read_write' }],
  body: eachElement(
    'params.count',
    `  ${MAGNITUDE}
  ${ROW}
  let digits = magnitude >> params.shift;
  if (digits >> params.bits != found[row]) { return; }
  atomicAdd(&counts[params.offset + (digits & ((1u << params.bits) - 1u))], 1u);`,
  ),
});

/** Dispatched over `SUMS` elements. */
export const SUM_COUNTS: Kernel = kernel({
  name: 'sum counts of digits',
  parameters: [{ name: 'offset', type: 'u32' }],
  bindings: [
    { name: 'counts', element: 'u32', access: 'read' },
    { name: 'sums', element: 'u32', access: 'read_write' },
  ],
  body: eachElement(
    `${SUMS}u`,
    `  let first = params.offset + ${COUNTS_OF_A_SUM}u * i;
  var sum = 0u;
  for (var j = 0u; j < ${COUNTS_OF_A_SUM}u; j++) { sum += counts[first + j]; }
  sums[i] = sum;`,
  ),
});

/** Goes down from the largest value, over sums and then over counts. Dispatched over one element. */
export const CHOOSE_DIGIT: Kernel = kernel({
  name: 'choose digit',
  parameters: ['row', 'bits', 'offset'].map((name) => ({ name, type: 'u32' })),
  bindings: [
    { name: 'counts', element: 'u32', access: 'read' },
    { name: 'sums', element: 'u32', access: 'read' },
    { name: 'wanted', element: 'u32', access: 'read' },
    { name: 'found', element: 'u32', access: 'read_write' },
  ],
  body: eachElement(
    '1u',
    `  ${ROW}
  var left = found[row + 1u];
  var sum = (1u << params.bits) / ${COUNTS_OF_A_SUM}u - 1u;
  while (sum > 0u && sums[sum] < left) {
    left -= sums[sum];
    sum--;
  }
  let least = ${COUNTS_OF_A_SUM}u * sum;
  var digit = least + ${COUNTS_OF_A_SUM - 1}u;
  while (digit > least && counts[params.offset + digit] < left) {
    left -= counts[params.offset + digit];
    digit--;
  }
  found[row] = (found[row] << params.bits) | digit;
  found[row + 1u] = left;
  found[row + 2u] = wanted[params.row] - left + counts[params.offset + digit];
  if (params.offset == 0u) {
    // The first digit of infinity; those of numbers that are none are the same or larger.
    for (var d = ${0x7f800000 >> 20}u; d < ${VALUES}u; d++) { found[row + 3u] += counts[d]; }
  }`,
  ),
});

/**
 * Writes mask and threshold, of a layer that keeps nothing the largest number there is; where a weight is not finite, both stay as
 * they were. Dispatched over the weights.
 */
export const MAGNITUDE_MASK: Kernel = kernel({
  name: 'magnitude mask',
  parameters: ['count', 'row'].map((name) => ({ name, type: 'u32' })),
  bindings: [
    WEIGHTS,
    FOUND,
    { name: 'mask', element: 'f32', access: 'read_write' },
    { name: 'threshold', element: 'u32', access: 'read_write' },
  ],
  body: eachElement(
    'params.count',
    `  ${MAGNITUDE}
  ${ROW}
  if (found[row + 3u] > 0u) { return; }
  mask[i] = f32(magnitude >= found[row]);
  if (i == 0u) { threshold[0] = min(found[row], 0x7f7fffffu); }`,
  ),
});
