import type { DenseTensor } from './tensor.ts';

/**
 * An operation `y = f(x, w)` that is linear in its input and in its weights: a matrix product, a convolution. Variational
 * dropout and L0 regularisation differ in what they do to the weights and the result; they share these.
 */
export interface LinearMap {
  /** Refuses inputs and weights that do not fit each other. @throws {UsageError} naming the argument. */
  check(x: DenseTensor, weights: DenseTensor): void;
  apply(x: DenseTensor, weights: DenseTensor): DenseTensor;
  /** Gradient in `x [xShape]` of a loss with gradient `dy` in y. */
  inputGradient(dy: DenseTensor, weights: DenseTensor, xShape: readonly number[]): DenseTensor;
  /** Gradient in the weights `[weightShape]` of a loss with gradient `dy` in y. */
  weightGradient(dy: DenseTensor, x: DenseTensor, weightShape: readonly number[]): DenseTensor;
  /** Shape of the noise that the result takes, from its shape: axes of extent 1 share a number. */
  noiseShape(yShape: readonly number[]): readonly number[];
}
