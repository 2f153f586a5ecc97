import assert from 'node:assert/strict';

/** Unit roundoff of float32. */
export const UNIT = 2 ** -24;

/** Relative error of a value that went through `operations` roundings (Higham's γ). */
export function gamma(operations: number): number {
  return (operations * UNIT) / (1 - operations * UNIT);
}

/** What an oracle says: exact values, and how far float32 may be from each. */
export interface Expected {
  readonly value: Float64Array;
  readonly bound: Float64Array;
}

/** Every value lies within its bound; a NaN never does. */
export function assertWithin(actual: Float32Array, { value, bound }: Expected, what: string): void {
  assert.equal(actual.length, value.length, what);
  actual.forEach((got, i) => {
    const error = Math.abs(got - value[i]);
    if (!(error <= bound[i])) {
      assert.fail(`${what}[${i}] = ${got}, expected ${value[i]}; off by ${error}, allowed ${bound[i]}`);
    }
  });
}

/** No value is further from what is expected than `tolerance`. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  assert.equal(actual.length, expected.length, what);
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    // Written so that NaN fails.
    if (!(error <= worst)) worst = error;
  }
  assert.ok(worst <= tolerance, `${what}: off by ${worst}, allowed ${tolerance}`);
}

/** Distance of a float32 from an exact value, in units of the last place of the latter. */
export function unitsInLastPlace(actual: number, exact: number): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(exact))), -126);
  return Math.abs(actual - exact) / 2 ** (exponent - 23);
}
