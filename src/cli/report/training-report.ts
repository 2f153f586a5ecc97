import type { Evaluation } from '../../train/evaluation/evaluator.ts';
import type { TrainingProgress } from '../../train/run/train-in-folder.ts';

/** What a training is at, in a line. @param unit what its items are called */
export function describeProgress(
  { items, seconds, metrics, evaluation }: TrainingProgress,
  unit: 'tokens' | 'pictures',
): string {
  const pace = `${Math.round(items / seconds)} ${unit}/s`;
  if (metrics === undefined) return pace;
  const sparsity = metrics.sparsity === undefined ? '' : `, ${(100 * metrics.sparsity).toFixed(1)} % sparse`;
  return `loss ${metrics.loss.toPrecision(4)}, rate ${metrics.learningRate.toPrecision(3)}${sparsity}${evaluated(evaluation)}, ${pace}`;
}

function evaluated(evaluation: Evaluation | undefined): string {
  return evaluation === undefined ? '' : `, ${describeEvaluated(evaluation)}`;
}

/** BLEU and exact matches, or top-1. */
export function describeEvaluated({ bleu, exactMatch, top1 }: Evaluation): string {
  return bleu === undefined
    ? `top-1 ${percent(top1)}`
    : `BLEU ${bleu.toFixed(2)}, ${percent(exactMatch)} exact`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
