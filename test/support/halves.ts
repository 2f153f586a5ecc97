/** The nearest number of IEEE 754 binary16, ties to even, by definition; magnitudes below 65,520. */
export function nearestHalf(value: number): number {
  if (value === 0) return value;
  const size = Math.abs(value);
  // Eleven bits of precision, down to multiples of 2⁻²⁴.
  const unit = 2 ** (Math.max(Math.floor(Math.log2(size)), -14) - 10);
  const down = Math.floor(size / unit);
  const rest = size / unit - down;
  const up = rest > 0.5 || (rest === 0.5 && down % 2 === 1);
  return Math.sign(value) * (down + (up ? 1 : 0)) * unit;
}

/** What a value may lose when it is held in 16 bits. */
export function halfError(value: number): number {
  return Math.max(2 ** -11 * Math.abs(value), 2 ** -25);
}
