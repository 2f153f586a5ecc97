import { valueText } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { isRandomKey, normals, type RandomKey, uniforms } from '../../base/random.ts';
import { type DenseTensor, denseTensor, elementCount, requireShape } from './tensor.ts';

/** Where noise comes from: given outright, or drawn from a key, element `i` of the row-major tensor being number `i`. */
export type Noise = DenseTensor | RandomKey;

/** Standard normal noise of a shape. @throws {UsageError} where given noise has another shape. */
export function normalNoise(noise: Noise, shape: readonly number[], stream = 0): DenseTensor {
  return noiseFrom(normals, noise, shape, stream);
}

/** Uniform noise in [0, 1) of a shape. @throws {UsageError} where given noise has another shape. */
export function uniformNoise(noise: Noise, shape: readonly number[], stream = 0): DenseTensor {
  return noiseFrom(uniforms, noise, shape, stream);
}

function noiseFrom(
  draw: typeof normals,
  noise: Noise,
  shape: readonly number[],
  stream: number,
): DenseTensor {
  if (isRandomKey(noise)) return denseTensor(shape, draw(noise, elementCount(shape), stream));
  if (noise?.data === undefined) {
    throw new UsageError(`noise is ${valueText(noise)}, expected a tensor or a key such as randomKey(seed)`);
  }
  requireShape('noise', noise, shape);
  return noise;
}

/** Noise `[d0, 1, …, k]` repeated to `[d0, …, k]`; noise that has the shape already is returned as it is. */
export function spread(noise: DenseTensor, shape: readonly number[]): DenseTensor {
  const between = shape.slice(1, -1).reduce((product, extent) => product * extent, 1);
  const outputs = shape[shape.length - 1];
  if (noise.data.length === shape[0] * between * outputs) return noise;
  const data = new Float64Array(shape[0] * between * outputs);
  for (let row = 0; row < shape[0] * between; row++) {
    const from = Math.floor(row / between) * outputs;
    data.set(noise.data.subarray(from, from + outputs), row * outputs);
  }
  return { shape, data };
}
