import { COLORS } from './appearance.ts';
import { draw } from './drawing.ts';
import type { Figure } from './figure.ts';

/** What a training measured on its way. */
export interface MeasuredRun {
  readonly name: string;
  /** In the order of their steps; not all of them have all measures. */
  readonly records: readonly Readonly<Record<string, number>>[];
}

/** How a measure is drawn. */
interface Measure {
  readonly title: string;
  readonly label: string;
  readonly percent?: true;
  /** Measured now and then, so that the single points are to be seen. */
  readonly dots?: true;
}

/** In the order in which they are drawn. */
const MEASURES: Readonly<Record<string, Measure>> = {
  loss: { title: 'Loss', label: 'loss' },
  crossEntropy: { title: 'Cross-entropy', label: 'cross-entropy (nats)' },
  penalty: { title: 'Penalty', label: 'penalty' },
  weightDecay: { title: 'Weight decay', label: 'weight decay' },
  learningRate: { title: 'Learning rate', label: 'learning rate' },
  sparsity: { title: 'Sparsity', label: 'sparsity (%)', percent: true },
  bleu: { title: 'BLEU', label: 'BLEU', dots: true },
  exactMatch: { title: 'Exact matches', label: 'exact matches (%)', percent: true, dots: true },
  top1: { title: 'Top-1 accuracy', label: 'top-1 (%)', percent: true, dots: true },
  top5: { title: 'Top-5 accuracy', label: 'top-5 (%)', percent: true, dots: true },
};

/** Of runs, which begin again from the first where there are more. */
const PALETTE = [
  COLORS.blue,
  COLORS.vermilion,
  COLORS.green,
  COLORS.orange,
  COLORS.purple,
  COLORS.skyBlue,
  COLORS.grey,
];

/** Draws each measure of trainings against their steps, a curve for each training. */
export function curveFigures(runs: readonly MeasuredRun[]): Promise<Figure[]> {
  const styled = runs.map((run, i) => ({ ...run, color: PALETTE[i % PALETTE.length] }));
  const drawn = Object.entries(MEASURES).map(async ([measure, { title, label, percent, dots }]) => {
    const points = styled.flatMap(({ name, color, records }) =>
      records
        .filter((record) => record[measure] !== undefined)
        .map((record) => ({ name, color, step: record.step, value: record[measure] })),
    );
    if (points.length === 0) return [];
    const svg = await draw((plot) => ({
      height: 320,
      x: { label: 'step →', grid: true },
      y: { label: `↑ ${label}`, grid: true, ...(percent ? { percent } : {}) },
      key: styled.map(({ name, color }) => ({ label: name, color })),
      marks: [
        plot.line(points, { x: 'step', y: 'value', z: 'name', stroke: 'color', strokeWidth: 1.6 }),
        ...(dots ? [plot.dot(points, { x: 'step', y: 'value', fill: 'color', r: 3 })] : []),
      ],
    }));
    return [{ name: measure, title, caption: `${title} against the steps of training.`, svg }];
  });
  return Promise.all(drawn).then((figures) => figures.flat());
}
