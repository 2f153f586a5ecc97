import { normals, type RandomKey, uniforms } from '../../random.ts';
import { type DenseTensor, denseTensor, elementCount, elementwise, filledTensor } from './tensor.ts';

/** First values of a variable of a shape; whatever is random in them comes from the key. */
export type Initializer = (shape: readonly number[], key: RandomKey) => DenseTensor;

/** The same value everywhere. */
export function constant(value: number): Initializer {
  return (shape) => filledTensor(shape, value);
}

/** Independent normal values. */
export function normal(mean: number, deviation: number): Initializer {
  return (shape, key) =>
    elementwise((z) => mean + deviation * z, denseTensor(shape, normals(key, elementCount(shape))));
}

/**
 * Uniform in ±√(6 / (fan in + fan out)) (Glorot & Bengio 2010, equation 16), for kernels `[…taps, inputs, outputs]`; the taps
 * count for both.
 */
export const glorotUniform: Initializer = (shape, key) => {
  const [inputs, outputs] = shape.slice(-2);
  const taps = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  const limit = Math.sqrt(6 / (taps * (inputs + outputs)));
  return elementwise((u) => limit * (2 * u - 1), denseTensor(shape, uniforms(key, taps * inputs * outputs)));
};
