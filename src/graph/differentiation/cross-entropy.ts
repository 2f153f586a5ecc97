import { checkNumber } from '../../base/check-arguments.ts';
import {
  crossEntropyGradientKernel,
  crossEntropyGrid,
  crossEntropyKernel,
  crossEntropyRounds,
} from '../../wgsl/training/cross-entropy.ts';
import type { DeviceTensor } from '../device/scope.ts';
import type { GraphTensor } from '../plan/node.ts';
import { requireRounds } from './require-rounds.ts';
import { requireExtents } from './shapes.ts';
import type { Tape } from './tape.ts';

/**
 * Probabilities that a label stands for: of its own class, and of each other one. Over all classes they add
 * up to 1.
 */
export interface SmoothedLabel {
  readonly right: number;
  readonly wrong: number;
}

/**
 * Smoothing over all classes, the label's own among them: `1 − s + s / K` against `s / K` (Szegedy et al.
 * 2016).
 * @throws {UsageError} for a smoothing outside [0, 1].
 */
export function smoothedOverAll(classes: number, smoothing: number): SmoothedLabel {
  checkSmoothing(smoothing);
  const wrong = smoothing / classes;
  return { right: 1 - smoothing + wrong, wrong };
}

/**
 * Smoothing over the other classes: `1 − s` against `s / (K − 1)`, as Tensor2Tensor does.
 * @throws {UsageError} for a smoothing outside [0, 1].
 */
export function smoothedOverOthers(classes: number, smoothing: number): SmoothedLabel {
  checkSmoothing(smoothing);
  return { right: 1 - smoothing, wrong: smoothing / Math.max(1, classes - 1) };
}

/**
 * Softmax cross-entropy of every column. The mean over some of them is `weightedMean`.
 * @param logits `[classes, columns]`
 * @param labels `[columns]` unsigned integers, below the number of classes
 * @returns `[1, columns]`
 * @throws {UsageError} when there is not one label for each column.
 */
export function crossEntropy(
  tape: Tape,
  logits: GraphTensor,
  labels: DeviceTensor,
  { right, wrong }: SmoothedLabel,
): GraphTensor {
  const { graph } = tape;
  const { rows: classes, columns } = requireExtents('cross-entropy', logits, {});
  requireExtents('cross-entropy labels', labels, { rows: columns, columns: 1 });
  requireRounds(graph.gpu, 'cross-entropy', crossEntropyRounds(classes));
  const parameters = { classes, columns, right, wrong };
  const statistics = graph.tensor('softmax statistics', [2, columns]);
  const loss = graph.tensor('cross-entropy', [1, columns]);
  graph.dispatch(crossEntropyKernel(), crossEntropyGrid(columns), parameters, {
    logits,
    labels,
    statistics,
    loss,
  });
  return tape.record(loss, [logits], (gradient) => [
    () => {
      const result = graph.tensor(`${logits.name} gradient`, logits.shape);
      graph.dispatch(crossEntropyGradientKernel(), crossEntropyGrid(classes * columns), parameters, {
        logits,
        labels,
        statistics,
        gradient,
        result,
      });
      return result;
    },
  ]);
}

function checkSmoothing(smoothing: number): void {
  checkNumber('label smoothing', smoothing, (share) => share >= 0 && share <= 1, 'a number in [0, 1]');
}
