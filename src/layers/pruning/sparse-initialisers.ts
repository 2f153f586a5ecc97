import { normals, type RandomKey, uniforms } from '../../base/random.ts';
import { elementCount, requireRank } from '../reference/tensor.ts';
import { checkSparsity } from './kept-count.ts';

/**
 * Glorot's uniform initialisation for a matrix `[rows, cols]` of which a share will be pruned: uniform in ±l,
 * `l = √(6 / (nnz / cols + nnz / rows))` with nnz the weights that stay. At sparsity 0 it is Glorot's own.
 * Used by the paper for dense layers trained with a mask from the beginning.
 * @throws {UsageError} for a sparsity outside [0, 1), or a shape that is no matrix.
 */
export function sparseGlorotUniform(
  shape: readonly number[],
  sparsity: number,
  key: RandomKey,
): Float32Array {
  const limit = sparseGlorotLimit(shape, sparsity);
  return Float32Array.from(uniforms(key, shape[0] * shape[1]), (u) => limit * (2 * u - 1));
}

/** The limit l of {@link sparseGlorotUniform}. */
export function sparseGlorotLimit(shape: readonly number[], sparsity: number): number {
  checkShape(shape, 2, '[rows, cols]');
  checkSparsity(sparsity);
  const [rows, cols] = shape;
  const left = rows * cols * (1 - sparsity);
  return Math.sqrt(6 / (left / cols + left / rows));
}

/**
 * He's normal initialisation for a convolution `[kh, kw, in, out]` of which a share will be pruned: standard
 * deviation `√(2 / (kh · kw · out · (1 − sparsity)))`.
 * @throws {UsageError} for a sparsity outside [0, 1), or a shape of other than four axes.
 */
export function sparseHeNormal(shape: readonly number[], sparsity: number, key: RandomKey): Float32Array {
  const deviation = sparseHeDeviation(shape, sparsity);
  return Float32Array.from(normals(key, elementCount(shape)), (z) => deviation * z);
}

/** The deviation of {@link sparseHeNormal}. */
export function sparseHeDeviation(shape: readonly number[], sparsity: number): number {
  checkShape(shape, 4, '[kh, kw, in, out]');
  checkSparsity(sparsity);
  const [kh, kw, , outputs] = shape;
  return Math.sqrt(2 / (kh * kw * outputs * (1 - sparsity)));
}

function checkShape(shape: readonly number[], rank: number, wanted: string): void {
  requireRank('the initial kernel', { shape }, rank, wanted);
  elementCount(shape);
}
