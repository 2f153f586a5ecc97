import type { DenseTensor } from '../../src/layers/reference/tensor.ts';

const STEP = 1e-5;

/** Central differences of a function of a tensor, by each of its elements. */
export async function differences(
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
