import { UsageError } from '../../base/errors.ts';
import { MAX_ORDER, type NgramStatistics } from './ngram-statistics.ts';
import { uniformIntegers } from './numpy-random.ts';
import { scoreStatistics } from './score.ts';
import type { Smoothing } from './smoothing.ts';

/** What resampling says of a score. */
export interface Confidence {
  /** How many were drawn. */
  readonly samples: number;
  /** What they were drawn from. */
  readonly seed: number;
  /** Of the scores of all samples. */
  readonly mean: number;
  /** Half the width of the interval that 95 % of the scores lie in. */
  readonly halfWidth: number;
}

export interface ResamplingOptions {
  readonly samples: number;
  readonly seed: number;
  readonly smoothing: Smoothing;
}

/**
 * Scores of as many bootstrap samples (Koehn 2004), each as many sentences as the corpus has, drawn with replacement. The draws
 * are those of sacreBLEU with this seed, and the same for every system of as many sentences.
 *
 * @throws {UsageError} for a number of samples or a seed that cannot be.
 */
export function resampledScores(
  sentences: readonly NgramStatistics[],
  { samples, seed, smoothing }: ResamplingOptions,
): Float64Array {
  if (!(Number.isSafeInteger(samples) && samples >= 1)) {
    throw new UsageError(`the number of bootstrap samples is ${samples}; it must be a whole number from 1`);
  }
  const table = Float64Array.from(sentences.flatMap(asRow));
  const draw = uniformIntegers(seed, sentences.length);
  const sum = new Float64Array(ROW);
  return Float64Array.from({ length: samples }, () => {
    sum.fill(0);
    for (let drawn = 0; drawn < sentences.length; drawn++) {
      const start = ROW * draw();
      for (let i = 0; i < ROW; i++) sum[i] += table[start + i];
    }
    return scoreStatistics(fromRow(sum), smoothing).score;
  });
}

/** Mean and 95 % interval of the scores, as sacreBLEU gives them. */
export function confidenceOf(
  scores: Float64Array,
  { samples, seed }: Pick<ResamplingOptions, 'samples' | 'seed'>,
): Confidence {
  const sorted = scores.toSorted();
  const cut = Math.floor(samples / 40);
  return { samples, seed, mean: mean(scores), halfWidth: 0.5 * (sorted[samples - cut - 1] - sorted[cut]) };
}

/**
 * How probable a difference at least as large as the observed one is between systems that do not differ: `(c + 1) / (samples + 1)`, with `c`
 * the samples whose difference exceeds the mean of all by more than the observed one, as in sacreBLEU. Systems of equal output
 * get the least value, since nothing exceeds their difference of 0.
 */
export function pairedPValue(baseline: Float64Array, system: Float64Array, observed: number): number {
  const differences = baseline.map((score, i) => Math.abs(score - system[i]));
  const expected = mean(differences);
  const exceeding = differences.filter((difference) => difference - expected > observed).length;
  return (exceeding + 1) / (differences.length + 1);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const ROW = 2 + 2 * MAX_ORDER;

function asRow({ hypothesisLength, referenceLength, counts, totals }: NgramStatistics): number[] {
  return [hypothesisLength, referenceLength, ...counts, ...totals];
}

function fromRow(row: Float64Array): NgramStatistics {
  const [hypothesisLength, referenceLength, ...ngrams] = row;
  return {
    hypothesisLength,
    referenceLength,
    counts: ngrams.slice(0, MAX_ORDER),
    totals: ngrams.slice(MAX_ORDER),
  };
}
