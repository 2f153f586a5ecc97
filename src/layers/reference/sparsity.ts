import { UsageError } from '../../base/errors.ts';
import type { DenseTensor } from './tensor.ts';

/** Fractions of weights that are 0. */
export interface WeightSparsity {
  /** Of all weights together. */
  readonly global: number;
  /** Of each tensor. */
  readonly layers: readonly number[];
}

/** Counts zeros. @throws {UsageError} without any tensor. */
export function zeroFractions(weights: readonly DenseTensor[]): WeightSparsity {
  if (weights.length === 0) throw new UsageError('there are no weights to count zeros of');
  const zeros = weights.map(({ data }) => data.reduce((count, value) => count + (value === 0 ? 1 : 0), 0));
  const sizes = weights.map(({ data }) => data.length);
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  return { global: total(zeros) / total(sizes), layers: zeros.map((count, i) => count / sizes[i]) };
}
