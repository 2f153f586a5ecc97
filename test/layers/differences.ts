import assert from 'node:assert/strict';
import type { DenseTensor } from '../../src/layers/reference/tensor.ts';
import { assertNear } from './closeness.ts';

const STEP = 1e-5;

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

/** Central differences of a function of a tensor, by each of its elements. */
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
    result[i] = ((await shifted(STEP)) - (await shifted(-STEP))) / (2 * STEP);
  }
  return result;
}
