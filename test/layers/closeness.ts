import assert from 'node:assert/strict';

/**
 * Every value is within a share of the largest expected one, or of 1 where all are smaller: the operands of these tests are of
 * that size, and what a sum of them cancels to keeps their rounding errors.
 */
export function assertNear(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  assert.equal(actual.length, expected.length, what);
  const largest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (let i = 0; i < expected.length; i++) {
    // Written so that NaN fails.
    if (!(Math.abs(actual[i] - expected[i]) <= tolerance * largest)) {
      assert.fail(`${what}[${i}] = ${actual[i]}, expected ${expected[i]} (largest ${largest})`);
    }
  }
}
