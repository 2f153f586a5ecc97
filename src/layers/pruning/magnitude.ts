import { checkNumber } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import type { RandomKey } from '../../base/random.ts';
import { type CountOptions, checkSparsity, keptCount } from './kept-count.ts';
import type { PruningMask } from './mask.ts';
import { keepHighestScores, randomScores } from './random-mask.ts';
import { checkFinite, type Floats, kthLargestMagnitude } from './rank.ts';

export interface SortOptions extends CountOptions {
  /** Share of the threshold before in the new one, in [0, 1). Default 0, as in all runs of the paper. */
  readonly decay?: number | undefined;
  /** The threshold before. Default 0. */
  readonly previousThreshold?: number | undefined;
}

/**
 * Magnitude pruning (Zhu & Gupta 2017, arXiv:1710.01878) as TensorFlow does it since 1.13: keeps `|w| ≥ τ`,
 * where τ is the K-th largest magnitude and K the {@link keptCount} (with decay d, `τ = (1 − d) · K-th + d ·
 * τ before`). Weights tied with the K-th are all kept, so there may be more than K. K = 0, where TensorFlow
 * fails, keeps nothing.
 * @param sparsity share to prune, in [0, 1).
 * @throws {UsageError} for a sparsity or decay outside its range, and weights in another kind of array.
 * @throws {DataError} where a weight is not finite.
 */
export function sortMask(weights: Floats, sparsity: number, options: SortOptions = {}): PruningMask {
  checkFinite(weights);
  const count = keptCount(weights.length, sparsity, options.rounding);
  const current = count === 0 ? Number.POSITIVE_INFINITY : kthLargestMagnitude(weights, count).magnitude;
  const threshold = decayed(weights, current, options);
  return thresholdMask(weights, threshold, (magnitude) => magnitude >= threshold);
}

/**
 * Magnitude pruning with an exact count, as in google-research's `model_pruning`: keeps K weights, of those
 * tied with the K-th largest magnitude a random choice. The threshold is that magnitude.
 * @param key of the random choice.
 * @throws {UsageError} for a sparsity outside [0, 1), and weights in another kind of array.
 * @throws {DataError} where a weight is not finite.
 */
export function exactMask(
  weights: Floats,
  sparsity: number,
  key: RandomKey,
  options: CountOptions = {},
): PruningMask {
  checkFinite(weights);
  const kept = keptCount(weights.length, sparsity, options.rounding);
  if (kept === 0) {
    return { mask: new Float32Array(weights.length), kept, threshold: Number.POSITIVE_INFINITY };
  }
  const { magnitude, above, tied } = kthLargestMagnitude(weights, kept);
  const chosen = keepHighestScores(randomScores(key, tied), kept - above).mask;
  let tie = 0;
  const { mask } = thresholdMask(
    weights,
    magnitude,
    (other) => other > magnitude || (other === magnitude && chosen[tie++] === 1),
  );
  return { mask, kept, threshold: magnitude };
}

export interface HistogramOptions extends Omit<SortOptions, 'rounding'> {
  /** Bins of the histogram: 255 in the oldest library, 256 later. Default 256. */
  readonly bins?: number | undefined;
}

/**
 * Magnitude pruning as TensorFlow did it up to about 1.12: τ is the share of a histogram's bins over [0, max
 * |w|] whose cumulative share lies below the sparsity, times max |w|; kept is `|w| > τ`. The sparsity reached
 * is quantised, and the top bin is never pruned. Weights that are all 0 are all pruned.
 * @throws {UsageError} for a sparsity, decay or number of bins outside its range, and weights in another kind of array.
 * @throws {DataError} where a weight is not finite.
 */
export function histogramMask(
  weights: Floats,
  sparsity: number,
  options: HistogramOptions = {},
): PruningMask {
  const { bins = 256 } = options;
  checkSparsity(sparsity);
  checkBins(bins);
  checkFinite(weights);
  let largest = 0;
  for (const weight of weights) largest = Math.max(largest, Math.abs(weight));
  const below = largest === 0 ? 0 : binsBelow(weights, largest, Math.fround(sparsity), bins);
  const threshold = decayed(weights, Math.fround(largest * Math.fround(below / bins)), options);
  return thresholdMask(weights, threshold, (magnitude) => magnitude > threshold);
}

/** @throws {UsageError} for other than a whole number from 1. */
export function checkBins(bins: number): void {
  if (Number.isSafeInteger(bins) && bins >= 1) return;
  throw new UsageError(`a histogram of ${bins} bins: give a whole number from 1`);
}

/** @throws {UsageError} for a share outside [0, 1). */
export function checkDecay(decay: number): void {
  checkSparsity(decay, 'threshold decay');
}

/** Bins whose cumulative share lies below the sparsity. */
function binsBelow(weights: Floats, largest: number, sparsity: number, bins: number): number {
  const counts = new Uint32Array(bins);
  for (let i = 0; i < weights.length; i++) {
    const share = Math.fround(Math.abs(weights[i]) / largest);
    counts[Math.min(bins - 1, Math.floor(Math.fround(bins * share)))]++;
  }
  let sum = 0;
  let below = 0;
  for (const count of counts) {
    sum += count;
    if (Math.fround(sum / weights.length) < sparsity) below++;
  }
  return below;
}

function decayed(
  weights: Floats,
  current: number,
  { decay = 0, previousThreshold = 0 }: HistogramOptions,
): number {
  checkDecay(decay);
  checkNumber('previousThreshold', previousThreshold, (value) => !Number.isNaN(value), 'a number');
  if (decay === 0) return current;
  const threshold = (1 - decay) * current + decay * previousThreshold;
  return weights instanceof Float32Array ? Math.fround(threshold) : threshold;
}

function thresholdMask(
  weights: Floats,
  threshold: number,
  keeps: (magnitude: number) => boolean,
): PruningMask {
  const mask = new Float32Array(weights.length);
  let kept = 0;
  for (let i = 0; i < weights.length; i++) {
    if (!keeps(Math.abs(weights[i]))) continue;
    mask[i] = 1;
    kept++;
  }
  return { mask, kept, threshold };
}
