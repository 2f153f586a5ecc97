import { checkNumber } from '../../base/check-arguments.ts';
import { movingAverageGrid, movingAverageKernel } from '../../wgsl/training/moving-average.ts';
import {
  normaliseGradientKernel,
  normaliseGrid,
  normaliseKernel,
  normaliseRounds,
} from '../../wgsl/training/normalise.ts';
import type { DeviceTensor } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';
import { vectorLanes } from '../tuning/variants.ts';
import { elementwise } from './elementwise.ts';
import type { Formula } from './formula.ts';
import { requireRounds } from './require-rounds.ts';
import { requireExtents } from './shapes.ts';
import type { Tape } from './tape.ts';

/** Scale and bias of a normalisation, `[features]` each. */
export interface ScaleAndBias {
  readonly scale: GraphTensor;
  readonly bias: GraphTensor;
}

/**
 * Layer normalisation of every column: `(x − mean) / √(variance + ε) · scale + bias`, the variance biased
 * (Ba, Kiros and Hinton 2016).
 * @param x `[features, columns]`
 * @throws {UsageError} when scale or bias are not of the features, and for a negative ε.
 */
export function layerNorm(
  tape: Tape,
  x: GraphTensor,
  { scale, bias }: ScaleAndBias,
  epsilon: number,
): GraphTensor {
  const { y } = normalise(tape, x, 'columns', epsilon);
  return elementwise(tape, SCALE_AND_BIAS, { x: y, scale, bias });
}

/**
 * Batch normalisation in training mode: every row by its mean and biased variance over the columns, with the
 * gradient through both (Ioffe and Szegedy 2015).
 * @param x `[channels, columns]`, columns being pixels of all pictures of the batch
 * @returns `statistics [2, channels]`, means and biased variances, for `updateMovingAverages`
 * @throws {UsageError} when scale or bias are not of the channels, and for a negative ε.
 */
export function batchNorm(
  tape: Tape,
  x: GraphTensor,
  { scale, bias }: ScaleAndBias,
  epsilon: number,
): { y: GraphTensor; statistics: GraphTensor } {
  const { y, statistics } = normalise(tape, x, 'rows', epsilon);
  return { y: elementwise(tape, SCALE_AND_BIAS, { x: y, scale, bias }), statistics };
}

/**
 * Records the update of the moving averages that inference will use: `m ← m − (m − batch) · (1 − momentum)`,
 * the variance with Bessel's correction, as TensorFlow's fused batch normalisation.
 * @param columns how many the statistics were taken over
 * @throws {UsageError} for averages of another size than the statistics, and a momentum outside [0, 1].
 */
export function updateMovingAverages(
  graph: Graph,
  statistics: GraphTensor,
  columns: number,
  momentum: number,
  averages: { readonly mean: DeviceTensor; readonly variance: DeviceTensor },
): void {
  const channels = statistics.shape[1];
  for (const average of [averages.mean, averages.variance]) {
    requireExtents('moving averages', average, { rows: channels, columns: 1 });
  }
  checkNumber('momentum', momentum, (share) => share >= 0 && share <= 1, 'a number in [0, 1]');
  graph.dispatch(
    movingAverageKernel(),
    movingAverageGrid(channels),
    { channels, rate: 1 - momentum, bessel: columns / Math.max(1, columns - 1) },
    { statistics, ...averages },
  );
}

const SCALE_AND_BIAS: Formula = {
  name: 'scale and bias',
  inputs: ['x', 'scale', 'bias'],
  value: 'x * scale + bias',
  derivatives: { x: 'scale', scale: 'x', bias: '1.0' },
  recomputed: true,
};

function normalise(
  tape: Tape,
  x: GraphTensor,
  vectors: 'rows' | 'columns',
  epsilon: number,
): { y: GraphTensor; statistics: GraphTensor } {
  const { graph } = tape;
  const { rows, columns } = requireExtents('normalisation', x, {});
  checkNumber('epsilon', epsilon, (value) => value >= 0, 'a number from 0 up');
  const layout =
    vectors === 'rows'
      ? { vectors: rows, length: columns, vector_step: columns, step: 1 }
      : { vectors: columns, length: rows, vector_step: 1, step: columns };
  const variant = { lanes: vectorLanes(graph.gpu, layout.length, layout.vectors) };
  requireRounds(graph.gpu, 'normalisation', normaliseRounds(variant, layout.length));
  const parameters = { ...layout, epsilon };
  const grid = normaliseGrid(variant, layout.vectors);
  const y = graph.tensor(`${x.name} normalised`, x.shape);
  const statistics = graph.tensor(`${x.name} statistics`, [2, layout.vectors]);
  graph.dispatch(normaliseKernel(variant), grid, parameters, { x, y, statistics });
  tape.record(y, [x], (gradient) => [
    () => {
      const dx = graph.tensor(`${x.name} gradient`, x.shape);
      graph.dispatch(normaliseGradientKernel(variant), grid, parameters, {
        y,
        statistics,
        dy: gradient,
        dx,
      });
      return dx;
    },
  ]);
  return { y, statistics };
}
