/**
 * Sums in any order agree within a part of the largest.
 * @param {Float32Array} actual
 * @param {Float32Array} expected
 * @param {number} tolerance that part
 * @returns {number} by which part they are off
 */
export function assertClose(actual, expected, tolerance, what) {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i])), 0);
  if (actual.length !== expected.length || !(worst <= tolerance * largest)) {
    throw new Error(`${what}: off by ${worst} of ${largest}`);
  }
  return worst / largest;
}
