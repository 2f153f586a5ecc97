/** How many pictures were recognised. Sums are exact: parts of an evaluation add up to the same in any order. */
export interface ClassificationTotals {
  /** Pictures that were classified. */
  readonly pictures: number;
  /** Pictures whose label has the largest logit. */
  readonly top1: number;
  /** Pictures whose label is among the five largest. */
  readonly top5: number;
  /** Sum of the cross-entropies, each rounded to a multiple of 1 / `CROSS_ENTROPY_UNITS`. */
  readonly crossEntropy: bigint;
}

/** Steps of 2⁻⁴⁰: a sum over 50,000 pictures is off by less than 3e-8. */
export const CROSS_ENTROPY_UNITS = 2 ** 40;

export const NO_PICTURES: ClassificationTotals = { pictures: 0, top1: 0, top5: 0, crossEntropy: 0n };

export function addTotals(a: ClassificationTotals, b: ClassificationTotals): ClassificationTotals {
  return {
    pictures: a.pictures + b.pictures,
    top1: a.top1 + b.top1,
    top5: a.top5 + b.top5,
    crossEntropy: a.crossEntropy + b.crossEntropy,
  };
}

/** Mean cross-entropy of all pictures, in nats. */
export function meanCrossEntropy({ pictures, crossEntropy }: ClassificationTotals): number {
  const whole = crossEntropy / BigInt(CROSS_ENTROPY_UNITS);
  const part = Number(crossEntropy % BigInt(CROSS_ENTROPY_UNITS)) / CROSS_ENTROPY_UNITS;
  return (Number(whole) + part) / pictures;
}

/**
 * Scores one picture as the original's evaluation does.
 * @param logits `[classes]`, finite
 * @param label class from 0; one that there is not is never recognised, and has no share in the smoothed target
 * @param labelSmoothing ε of the target `onehot · (1 − ε) + ε / classes`
 */
export function scoreLogits(
  logits: Float32Array,
  label: number,
  labelSmoothing: number,
): ClassificationTotals {
  return {
    pictures: 1,
    top1: argMax(logits) === label ? 1 : 0,
    top5: inTopK(logits, label, 5) ? 1 : 0,
    crossEntropy: BigInt(Math.round(crossEntropy(logits, label, labelSmoothing) * CROSS_ENTROPY_UNITS)),
  };
}

/** The first of the largest. */
export function argMax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** TensorFlow's `in_top_k`: fewer than `k` classes have a larger logit, so that ties at the border count as inside. */
export function inTopK(logits: Float32Array, label: number, k: number): boolean {
  const own = logits[label];
  if (own === undefined) return false;
  let larger = 0;
  for (const logit of logits) if (logit > own) larger++;
  return larger < k;
}

/** Softmax cross-entropy with the smoothed target, in nats. */
export function crossEntropy(logits: Float32Array, label: number, labelSmoothing: number): number {
  const logSum = logSumExp(logits);
  let spread = 0;
  for (const logit of logits) spread += logSum - logit;
  const own = logits[label] === undefined ? 0 : logSum - logits[label];
  return (1 - labelSmoothing) * own + (labelSmoothing / logits.length) * spread;
}

/** A class and what softmax gives it. */
export interface ClassProbability {
  /** Its number, from 0. */
  readonly class: number;
  /** In [0, 1]. */
  readonly probability: number;
}

/** The `k` most probable classes, best first; of equal ones the lower number comes first. */
export function mostProbable(logits: Float32Array, k: number): ClassProbability[] {
  const logSum = logSumExp(logits);
  return Array.from(logits, (_, index) => index)
    .sort((a, b) => logits[b] - logits[a] || a - b)
    .slice(0, k)
    .map((index) => ({ class: index, probability: Math.exp(logits[index] - logSum) }));
}

function logSumExp(logits: Float32Array): number {
  const largest = logits[argMax(logits)];
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  return largest + Math.log(sum);
}
