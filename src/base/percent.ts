/**
 * Shares are from 0 to 1 wherever a program reads them, in the library as in JSON; percent is what people read and write. Both
 * directions keep the decimals that a figure has: 76.52 % are 0.7652, and no hundredth of a billionth more.
 */
export function fromPercent(percent: number): number {
  return withoutNoise(percent / 100);
}

export function toPercent(share: number): number {
  return withoutNoise(100 * share);
}

/** A double holds 15 decimal digits of any number. */
function withoutNoise(value: number): number {
  return Number(value.toPrecision(15));
}
