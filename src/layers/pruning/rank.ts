import { valueText } from '../../base/check-arguments.ts';
import { DataError, UsageError } from '../../base/errors.ts';

/** Weights, or other numbers to be ranked by magnitude. */
export type Floats = Float32Array | Float64Array;

/** The k-th largest magnitude of some values. */
export interface Rank {
  readonly magnitude: number;
  /** Values of a larger magnitude, fewer than k. */
  readonly above: number;
  /** Values of just this magnitude, at least 1. */
  readonly tied: number;
}

const DIGIT_VALUES = 2 ** 16;

/**
 * The k-th largest `|value|`, k from 1 to the number of values, by radix selection: a pass over all values
 * for each 16 bits, no copy, time independent of their order and of ties. Magnitudes sort as their bit
 * patterns do; values must be finite.
 */
export function kthLargestMagnitude(values: Floats, k: number): Rank {
  const width = values.BYTES_PER_ELEMENT / 2;
  const digits = new Uint16Array(values.buffer, values.byteOffset, values.length * width);
  const bits = new Uint16Array(width).fill(0xffff);
  bits[width - 1] = 0x7fff; // without the sign
  const chosen = new Uint16Array(width);
  let above = 0;
  let tied = values.length;
  // The machines this runs on are little-endian: the last digit of a value leads.
  for (let digit = width - 1; digit >= 0; digit--) {
    const ranked = rankDigit(countDigits(digits, bits, digit, chosen), k - above);
    chosen[digit] = ranked.digit;
    above += ranked.above;
    tied = ranked.tied;
  }
  const [magnitude] =
    values instanceof Float32Array ? new Float32Array(chosen.buffer) : new Float64Array(chosen.buffer);
  return { magnitude, above, tied };
}

/**
 * The k-th largest digit, from how often each occurs: one step of radix selection.
 * @returns how many are larger, fewer than k, and how many are equal, at least 1.
 */
function rankDigit(counts: Uint32Array, k: number): { digit: number; above: number; tied: number } {
  let digit = counts.length - 1;
  let above = 0;
  while (above + counts[digit] < k) above += counts[digit--];
  return { digit, above, tied: counts[digit] };
}

/**
 * @throws {UsageError} for another kind of array, whose bits would be read as if they were floats.
 * @throws {DataError} where a value is not finite: a magnitude that is no number has no rank.
 */
export function checkFinite(values: Floats, name = 'weights'): void {
  if (!(values instanceof Float32Array || values instanceof Float64Array)) {
    throw new UsageError(`${name} are ${valueText(values)}, expected a Float32Array or Float64Array`);
  }
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new DataError(`${name} element ${i} is ${values[i]}: weights must be finite numbers`);
    }
  }
}

/** @throws {UsageError} where a shape has not as many elements as there are values. */
export function checkShape(values: Floats, shape: readonly number[]): void {
  if (shape.reduce((product, extent) => product * extent, 1) === values.length) return;
  throw new UsageError(`weights of shape [${shape.join(', ')}] have ${values.length} values`);
}

/** How often each value of a digit occurs among those whose leading digits are the chosen ones. */
function countDigits(
  digits: Uint16Array,
  bits: Uint16Array,
  digit: number,
  chosen: Uint16Array,
): Uint32Array {
  const counts = new Uint32Array(DIGIT_VALUES);
  const width = bits.length;
  for (let at = 0; at < digits.length; at += width) {
    let other = width - 1;
    while (other > digit && (digits[at + other] & bits[other]) === chosen[other]) other--;
    if (other === digit) counts[digits[at + digit] & bits[digit]]++;
  }
  return counts;
}
