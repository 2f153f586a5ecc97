import { checkNumber } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { normals, type RandomKey, uniforms } from '../../base/random.ts';
import {
  type DenseTensor,
  denseTensor,
  elementCount,
  elementwise,
  filledTensor,
  shapeText,
} from './tensor.ts';

/** First values of a variable of a shape; whatever is random in them comes from the key. */
export type Initializer = (shape: readonly number[], key: RandomKey) => DenseTensor;

/** The same value everywhere. */
export function constant(value: number): Initializer {
  return (shape) => filledTensor(shape, value);
}

/** Independent normal values. @throws {UsageError} for a deviation below 0. */
export function normal(mean: number, deviation: number): Initializer {
  checkNumber('deviation', deviation, (value) => value >= 0, 'a number from 0 up');
  return (shape, key) =>
    elementwise((z) => mean + deviation * z, denseTensor(shape, normals(key, elementCount(shape))));
}

/**
 * Uniform in ±√(6 / (fan in + fan out)) (Glorot & Bengio 2010, equation 16), for kernels `[…taps, inputs, outputs]`; the taps
 * count for both.
 * @throws {UsageError} for a shape of fewer than two axes.
 */
export function glorotUniform(shape: readonly number[], key: RandomKey): DenseTensor {
  if (shape.length < 2) {
    throw new UsageError(`the initial kernel is ${shapeText(shape)}, expected […, inputs, outputs]`);
  }
  const [inputs, outputs] = shape.slice(-2);
  const taps = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  const limit = Math.sqrt(6 / (taps * (inputs + outputs)));
  return elementwise((u) => limit * (2 * u - 1), denseTensor(shape, uniforms(key, taps * inputs * outputs)));
}
