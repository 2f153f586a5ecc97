import type { DeviceTensor } from '../../graph/device/scope.ts';
import { add, multiply } from '../../graph/differentiation/elementwise.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import { penalty, type SparseKernel } from './sparse-kernel.ts';

/** A model recorded forward and backward. Record an optimiser's updates behind it, then plan the graph. */
export interface TrainingGraph {
  /** What the model says, before softmax. */
  readonly logits: GraphTensor;
  /** What is minimised: the sum of the parts, a scalar. */
  readonly loss: GraphTensor;
  /** What the loss is the sum of. */
  readonly parts: LossParts;
  /** Variables that are trained. */
  readonly parameters: readonly DeviceTensor[];
  /** In the order and the shapes of the parameters. */
  readonly gradients: readonly GraphTensor[];
}

/** Scalars. */
export interface LossParts {
  /** Of the labels. */
  readonly crossEntropy: GraphTensor;
  /** Of the kernels, where there is any. */
  readonly weightDecay?: GraphTensor;
  /** KL divergence or expected L0 norm, times its weight. */
  readonly penalty?: GraphTensor;
}

/**
 * The penalties of all layers, times a weight that may change from step to step; undefined where the
 * technique has none.
 * @param weight `[1]`
 * @param clipAlpha bound of |log α| of variational dropout
 */
export function weightedPenalty(
  tape: Tape,
  kernels: readonly SparseKernel[],
  weight: GraphTensor,
  clipAlpha: number,
): GraphTensor | undefined {
  const terms = kernels
    .map((kernel) => penalty(tape, kernel, clipAlpha))
    .filter((term) => term !== undefined);
  return terms.length === 0 ? undefined : multiply(tape, total(tape, terms), weight);
}

/** The sum of scalars, of which there is at least one. */
export function total(tape: Tape, terms: readonly GraphTensor[]): GraphTensor {
  return terms.reduce((a, b) => add(tape, a, b));
}
