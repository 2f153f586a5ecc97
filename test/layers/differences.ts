import assert from 'node:assert/strict';
import type { DenseTensor } from '../../src/layers/reference/tensor.ts';
import { assertNear } from './closeness.ts';

// A root of a sum of squares and ε bends within √ε = 1e-4 of 0: steps are well below, and of the fourth order.
const STEP = 2e-6;

/** A gradient has the shape of what it is by, and the values of central differences. */
export async function assertGradient(
  actual: DenseTensor,
  at: DenseTensor,
  of: (moved: DenseTensor) => Promise<number>,
  tolerance: number,
  what: string,
): Promise<void> {
  assert.deepEqual(actual.shape, at.shape, what);
  assertNear(actual.data, await differences(at, of), tolerance, what);
}

/** Central differences of the fourth order of a function of a tensor, by each of its elements. */
async function differences(
  at: DenseTensor,
  of: (moved: DenseTensor) => Promise<number>,
): Promise<Float64Array> {
  const result = new Float64Array(at.data.length);
  for (let i = 0; i < result.length; i++) {
    const shifted = (by: number) => {
      const data = at.data.slice();
      data[i] += by;
      return of({ shape: at.shape, data });
    };
    const slope = async (step: number) => ((await shifted(step)) - (await shifted(-step))) / (2 * step);
    result[i] = (4 * (await slope(STEP)) - (await slope(2 * STEP))) / 3;
  }
  return result;
}
