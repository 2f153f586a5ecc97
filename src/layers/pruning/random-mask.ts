import { valueText } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { type RandomKey, UNIFORM_STEP, uniforms } from '../../base/random.ts';
import { type CountOptions, keptCount } from './kept-count.ts';
import { onesIn, type PruningMask } from './mask.ts';
import { kthLargestMagnitude } from './rank.ts';

/** Numbers drawn at a time; each such piece is a stream of the key. */
const PIECE = 2 ** 16;

/**
 * Random pruning, each time anew ("random independent"): keeps a random choice of exactly {@link keptCount}
 * weights. Of one key, the choice at a higher sparsity is part of that at a lower one.
 * @param size weights of the layer.
 * @param sparsity share to prune, in [0, 1).
 * @throws {UsageError} for a sparsity outside of it, and a size that is none.
 */
export function randomMask(
  size: number,
  sparsity: number,
  key: RandomKey,
  options: CountOptions = {},
): PruningMask {
  const kept = keptCount(size, sparsity, options.rounding);
  return keepHighestScores(randomScores(key, size), kept);
}

/**
 * Random pruning step by step ("random cumulative", the paper's): what was pruned stays pruned, and of what
 * is left a random choice of exactly {@link keptCount} weights is kept, or all where fewer are left.
 * @param previous the mask before, 1 where a weight is left.
 * @throws {UsageError} for a sparsity outside [0, 1), and a mask in another kind of array.
 */
export function randomCumulativeMask(
  previous: Float32Array,
  sparsity: number,
  key: RandomKey,
  options: CountOptions = {},
): PruningMask {
  if (!(previous instanceof Float32Array)) {
    throw new UsageError(`the mask before is ${valueText(previous)}, expected a Float32Array`);
  }
  const left = onesIn(previous);
  const scores = randomScores(key, previous.length);
  for (let i = 0; i < scores.length; i++) if (previous[i] === 0) scores[i] = 0;
  return keepHighestScores(scores, Math.min(left, keptCount(previous.length, sparsity, options.rounding)));
}

/** Random numbers in (0, 1]. */
export function randomScores(key: RandomKey, count: number): Float32Array {
  const scores = new Float32Array(count);
  for (let start = 0; start < count; start += PIECE) {
    const piece = uniforms(key, Math.min(PIECE, count - start), start / PIECE);
    for (let i = 0; i < piece.length; i++) scores[start + i] = piece[i] + UNIFORM_STEP;
  }
  return scores;
}

/** Keeps exactly `count` scores: the highest, of equal ones the first. */
export function keepHighestScores(scores: Float32Array, count: number): PruningMask {
  const mask = new Float32Array(scores.length);
  if (count > 0) {
    const { magnitude, above } = kthLargestMagnitude(scores, count);
    let ties = count - above;
    for (let i = 0; i < scores.length; i++) {
      if (scores[i] > magnitude || (scores[i] === magnitude && ties-- > 0)) mask[i] = 1;
    }
  }
  return { mask, kept: count, threshold: 0 };
}
