import { MAX_ORDER, type NgramStatistics } from './ngram-statistics.ts';
import type { Smoothing } from './smoothing.ts';

/** BLEU and what it is the product of. */
export interface Score {
  /** In percent, 0 to 100. */
  readonly score: number;
  /** Of n-grams of 1 to 4 tokens, in percent, smoothed; all 0 where nothing matches. */
  readonly precisions: readonly number[];
  /** Factor for hypotheses that are shorter than the references, at most 1. */
  readonly brevityPenalty: number;
}

/**
 * BLEU of a corpus, `brevityPenalty · exp(Σ ln pₙ / 4)` (Papineni et al. 2002), 0 where a precision is 0. Smoothing as in sacreBLEU:
 * `exp`, `floor` and `add-k` are methods 3, 1 and 2 of Chen and Cherry (2014).
 */
export function scoreStatistics(statistics: NgramStatistics, smoothing: Smoothing): Score {
  const { hypothesisLength, referenceLength } = statistics;
  const penalty = brevityPenalty(hypothesisLength, referenceLength);
  const precisions = smoothedPrecisions(statistics, smoothing);
  const logSum = precisions.reduce((sum, precision) => sum + Math.log(precision), 0);
  return { score: penalty * Math.exp(logSum / MAX_ORDER), precisions, brevityPenalty: penalty };
}

/** `exp(1 - r/c)` for hypotheses shorter than their references, `c < r`; 0 for empty ones. */
export function brevityPenalty(hypothesisLength: number, referenceLength: number): number {
  if (hypothesisLength >= referenceLength) return 1;
  return Math.exp(1 - referenceLength / hypothesisLength);
}

function smoothedPrecisions({ counts, totals }: NgramStatistics, { kind, value }: Smoothing): number[] {
  if (counts.every((count) => count === 0)) return counts.map(() => 0);
  let halvings = 1;
  return counts.map((count, i) => {
    const added = kind === 'add-k' && i > 0 ? value : 0;
    const [matches, total] = [count + added, totals[i] + added];
    if (total === 0) return 0;
    if (matches > 0) return (100 * matches) / total;
    if (kind === 'floor') return (100 * value) / total;
    if (kind !== 'exp') return 0;
    halvings *= 2;
    return 100 / (halvings * total);
  });
}
