import { UsageError } from '../../base/errors.ts';

/** How the values of a weight are held; sums are float32 either way. */
export type ValuePrecision = 'f32' | 'f16';

/** The precision that is asked for, 32 bits unless any is. @throws {UsageError} for another. */
export function resolveValuePrecision(asked: ValuePrecision = 'f32'): ValuePrecision {
  if (asked !== 'f32' && asked !== 'f16') {
    throw new UsageError(`valuePrecision is "${String(asked)}"; it can be f32 or f16`);
  }
  return asked;
}

/** The first magnitude that rounds beyond 65,504, the largest number of 16 bits. */
const OVERFLOW = 65_520;
/** Below this, numbers of 16 bits are multiples of 2⁻²⁴. */
const SMALLEST_NORMAL = 2 ** -14;

/**
 * Rounds to IEEE 754 binary16, ties to even. The error is at most 2⁻¹¹ of a value, and at most 2⁻²⁵ where the value is
 * below 2⁻¹⁴ (2⁻¹⁴ on a device that takes subnormal numbers for 0). What is not a number stays so.
 * @param name of the weight, for errors
 * @throws {UsageError} for a value beyond 65,504.
 */
export function toHalves(name: string, values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]);
    if (size >= OVERFLOW) {
      throw new UsageError(
        `${name}: ${values[i]} is beyond 65504, the most that 16 bits hold; hold it in f32.`,
      );
    }
    halves[i] = ((words[i] >>> 16) & 0x8000) | magnitude(size, words[i] & 0x7fffffff);
  }
  return halves;
}

/** The lower 15 bits of a half. @param word the bits of `size` */
function magnitude(size: number, word: number): number {
  if (size < SMALLEST_NORMAL) return subnormal(size);
  if (Number.isNaN(size)) return 0x7e00;
  // 13 bits of the mantissa go, and 112 of the exponent; a carry into the exponent is what it should be.
  const tieToEven = (word >>> 13) & 1;
  return ((word + 0xfff + tieToEven) >>> 13) - (112 << 10);
}

/** Multiples of 2⁻²⁴; 1024 of them are the smallest normal number, whose bits are 1024 too. */
function subnormal(size: number): number {
  const units = size * 2 ** 24;
  const down = Math.floor(units);
  const rest = units - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}
