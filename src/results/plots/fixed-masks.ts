import { isPruning } from '../../base/technique.ts';
import type { PublishedModel } from '../../layers/published-name.ts';
import type { ResultRow } from '../load-results.ts';
import { bestRows } from '../query.ts';
import { COLORS, MODEL_LABEL, QUALITY_LABEL, SPARSITY_AXIS, TECHNIQUE_STYLE } from './appearance.ts';
import { draw, type KeyEntry } from './drawing.ts';
import type { Figure } from './figure.ts';

/** A curve: how it looks, and which runs it shows. */
interface Series extends KeyEntry {
  readonly has: (row: ResultRow) => boolean;
}

const LOTTERY: Series = {
  label: 'lottery ticket',
  color: COLORS.green,
  has: ({ experiment }) => experiment === 'lottery_ticket',
};

const BY_MODEL: Readonly<Record<PublishedModel, readonly Series[]>> = {
  transformer: [
    LOTTERY,
    { label: 'scratch-b', color: COLORS.orange, has: isVariant('b') },
    {
      label: 'scratch-b, augmented init',
      color: COLORS.orange,
      dash: '4 3',
      has: isVariant('b_augmented_init'),
    },
    { label: 'scratch-e', color: COLORS.purple, has: isVariant('e') },
    {
      label: 'scratch-e, augmented init',
      color: COLORS.purple,
      dash: '4 3',
      has: isVariant('e_augmented_init'),
    },
  ],
  rn50: [
    LOTTERY,
    scratch('scratch', COLORS.purple, 1, 'baseline'),
    scratch('scratch, sparse init', COLORS.purple, 1, 'sparse'),
    scratch('scratch, twice as long', COLORS.orange, 2, 'baseline'),
    scratch('scratch, twice as long, sparse init', COLORS.orange, 2, 'sparse'),
  ],
};

/** Training with the final mask from the beginning, from the original initial weights (lottery ticket) or others (scratch). */
export async function fixedMaskFigure(rows: readonly ResultRow[], model: PublishedModel): Promise<Figure> {
  const runs = rows.filter((row) => row.model === model && row.technique === 'magnitude_pruning');
  const pruned = bestRows(runs.filter(({ experiment }) => experiment === 'comparison'));
  const series = BY_MODEL[model];
  return {
    name: `${model}-scratch-lottery`,
    title: `${MODEL_LABEL[model]}: lottery tickets and training from scratch`,
    caption:
      'The mean and range of the runs that train with the mask of a pruned model from the beginning, without those that diverged, against the best pruned models.' +
      (model === 'transformer'
        ? ' Scratch-e trains for as many steps, scratch-b for as much arithmetic.'
        : ''),
    svg: await drawCurves(model, pruned, series, runs),
  };
}

const SCHEDULES: readonly Series[] = [
  scratch('×1, scaled rate', COLORS.grey, 1, 'baseline'),
  scratch('×1, scaled rate, sparse init', COLORS.grey, 1, 'sparse'),
  scratch('×2, scaled rate', COLORS.orange, 2, 'baseline'),
  scratch('×2, scaled rate, sparse init', COLORS.orange, 2, 'sparse'),
  scratch('×2, constant final rate', COLORS.green, 2, 'baseline', 'lr_constant_final'),
  scratch('×2, constant final rate, sparse init', COLORS.green, 2, 'sparse', 'lr_constant_final'),
  scratch('×2, constant decay', COLORS.purple, 2, 'baseline', 'lr_constant_decay'),
  scratch('×2, constant decay, sparse init', COLORS.purple, 2, 'sparse', 'lr_constant_decay'),
  scratch('×2, continual decay', COLORS.skyBlue, 2, 'baseline', 'lr_continual_decay'),
  scratch('×2, continual decay, sparse init', COLORS.skyBlue, 2, 'sparse', 'lr_continual_decay'),
];

/** ResNet-50 from scratch: what twice the time is worth, by how the learning rate is stretched over it. */
export async function timeFigure(rows: readonly ResultRow[]): Promise<Figure> {
  const runs = rows.filter(({ model }) => model === 'rn50');
  const pruned = bestRows(
    runs.filter(({ experiment, technique }) => experiment === 'comparison' && isPruning(technique)),
  );
  return {
    name: 'rn50-time-multipliers',
    title: 'ResNet-50: training from scratch for longer',
    caption:
      'Runs from scratch with fixed masks for 1 or 2 times the 128,000 steps, against the best pruned models. Masks of the two decaying ' +
      'schedules have the configurations of random pruning, the others those of magnitude pruning.',
    svg: await drawCurves('rn50', pruned, SCHEDULES, runs),
  };
}

/** Curves of best pruned models, and of means with ranges of the runs of each series. */
function drawCurves(
  model: PublishedModel,
  pruned: readonly ResultRow[],
  series: readonly Series[],
  runs: readonly ResultRow[],
): Promise<string> {
  const prunedCurves = pruned.map(({ sparsity, quality, technique }) => ({
    sparsity,
    quality,
    technique,
    color: TECHNIQUE_STYLE[technique].color,
  }));
  const techniques = Array.from(new Set(pruned.map(({ technique }) => TECHNIQUE_STYLE[technique])));
  const curves = series.map((one, i) => ({
    ...one,
    points: summarise(runs.filter(one.has), spread(i, series)),
  }));
  return draw((plot) => ({
    height: 460,
    x: { ...SPARSITY_AXIS, domain: [48, 100] },
    y: { label: QUALITY_LABEL[model], grid: true },
    key: [...techniques, ...series],
    marks: [
      plot.line(prunedCurves, {
        x: 'sparsity',
        y: 'quality',
        z: 'technique',
        stroke: 'color',
        strokeWidth: 2.5,
      }),
      plot.dot(prunedCurves, { x: 'sparsity', y: 'quality', fill: 'color', r: 4, stroke: 'white' }),
      ...curves.flatMap(({ points, color, dash = '' }) => [
        plot.ruleX(points, { x: 'sparsity', y1: 'worst', y2: 'best', stroke: color, strokeOpacity: 0.6 }),
        plot.line(points, {
          x: 'sparsity',
          y: 'mean',
          stroke: color,
          strokeWidth: 1.6,
          strokeDasharray: dash,
        }),
        plot.dot(points, { x: 'sparsity', y: 'mean', fill: color, r: 2.5 }),
      ]),
    ],
  }));
}

/** Mean and range of the runs at each level, without those that diverged. */
function summarise(runs: readonly ResultRow[], shift: number) {
  const levels = Array.from(new Set(runs.map(({ level }) => level!))).sort((a, b) => a - b);
  return levels.map((level) => {
    const qualities = runs
      .filter((row) => row.level === level && row.quality > 0)
      .map(({ quality }) => quality);
    return {
      sparsity: level + shift,
      mean: qualities.reduce((sum, quality) => sum + quality, 0) / qualities.length,
      worst: Math.min(...qualities),
      best: Math.max(...qualities),
    };
  });
}

/** Shifts curves apart by a little, so that their ranges do not cover each other. */
function spread(i: number, series: readonly Series[]): number {
  return 0.001 * (i - (series.length - 1) / 2);
}

function isVariant(variant: string): Series['has'] {
  return (row) => row.variant === variant;
}

function scratch(
  label: string,
  color: string,
  timeMultiplier: number,
  initMethod: 'baseline' | 'sparse',
  variant = 'lr_scaled',
): Series {
  return {
    label,
    color,
    ...(initMethod === 'sparse' ? { dash: '4 3' } : {}),
    has: (row) =>
      row.variant === variant &&
      row.settings.timeMultiplier === timeMultiplier &&
      row.settings.initMethod === initMethod,
  };
}
