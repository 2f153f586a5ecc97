import type { ResultRow } from '../load-results.ts';
import { COLORS, TECHNIQUE_STYLE } from './appearance.ts';
import { draw } from './drawing.ts';
import type { Figure } from './figure.ts';

/** The images that the loss of ResNet-50 is a mean over: its weights are whole numbers divided by it. */
const TRAINING_IMAGES = 1_281_167;

/** From a gate that is nearly open at first to one that is nearly half open. */
const INITIAL_COLORS = [COLORS.blue, COLORS.green, COLORS.orange, COLORS.purple];

/**
 * ResNet-50 under L0 regularisation: sparsity against the weight of the L0 loss, for each initial log-alpha relative to the weight
 * that gives 50 %.
 */
export async function phaseTransitionFigure(rows: readonly ResultRow[]): Promise<Figure> {
  const runs = rows.filter(({ model, technique }) => model === 'rn50' && technique === 'l0_regularization');
  const initials = Array.from(new Set(runs.map(({ settings }) => Number(settings.initialLogAlpha)))).sort(
    (a, b) => b - a,
  );
  const series = initials.map((initial, i) => {
    const points = runs
      .filter(({ settings }) => settings.initialLogAlpha === initial)
      .map(({ settings, sparsity }) => ({ weight: Number(settings.lossWeight), sparsity }));
    const half = halfWeight(points);
    return {
      color: INITIAL_COLORS[i],
      label: `initial log α ${initial}, 50 % at ${(half * TRAINING_IMAGES).toFixed(0)}/N`,
      points: points.map(({ weight, sparsity }) => ({ change: weight / half - 1, sparsity })),
    };
  });
  const points = series.flatMap(({ points, color }) => points.map((point) => ({ ...point, color })));
  const svg = await draw((plot) => ({
    x: { label: 'weight of the L0 loss, relative to that of 50 % sparsity (%) →', percent: true, grid: true },
    y: { label: '↑ sparsity (%)', percent: true, grid: true, domain: [0, 100] },
    key: series,
    marks: [
      plot.ruleY([0]),
      plot.dot(points, { x: 'change', y: 'sparsity', fill: 'color', fillOpacity: 0.6, r: 2.5 }),
    ],
  }));
  return {
    name: 'rn50-l0-phase-transition',
    title: 'ResNet-50: the phase transition of L0 regularization',
    caption:
      `All ${runs.length} runs. Between hardly any and nearly all weights gone lie a few percent of the weight of the loss ` +
      `(N = ${TRAINING_IMAGES.toLocaleString('en-US')} images), and ${best(runs)}.`,
    svg,
  };
}

/** The Transformer under L0 regularisation, where sparsity does follow the weight of the loss. */
export async function transformerL0Figure(rows: readonly ResultRow[]): Promise<Figure> {
  const runs = rows
    .filter(({ model, technique }) => model === 'transformer' && technique === 'l0_regularization')
    .map(({ sparsity, settings }) => ({
      sparsity,
      weight: Number(settings.lossWeight),
      regularization: String(settings.regularization),
    }));
  const styles = [
    { regularization: 'dropout+label_smoothing', label: 'dropout and label smoothing', color: COLORS.blue },
    { regularization: 'label_smoothing', label: 'label smoothing', color: COLORS.green },
    { regularization: 'none', label: 'no other regularization', color: COLORS.orange },
  ];
  // Side by side, since all runs have one of ten weights.
  const shift = (regularization: string) =>
    10 ** (0.025 * (styles.findIndex((style) => style.regularization === regularization) - 1));
  const svg = await draw((plot) => ({
    x: { type: 'log', label: 'weight of the L0 loss →', tickFormat: '.0e', ticks: 4, grid: true },
    y: { label: '↑ sparsity (%)', percent: true, grid: true, domain: [0, 100] },
    key: styles,
    marks: [
      plot.ruleY([0]),
      plot.dot(runs, {
        x: ({ weight, regularization }: (typeof runs)[number]) => weight * shift(regularization),
        y: 'sparsity',
        r: 2,
        fillOpacity: 0.5,
        fill: ({ regularization }: (typeof runs)[number]) =>
          styles.find((style) => style.regularization === regularization)?.color ??
          TECHNIQUE_STYLE.dense.color,
      }),
    ],
  }));
  return {
    name: 'transformer-l0-sparsity',
    title: 'Transformer: sparsity under L0 regularization',
    caption: `All ${runs.length} runs, at ten weights of the L0 loss; runs at one weight differ in when and how it is ramped up.`,
    svg,
  };
}

/** Where sparsity crosses one half, by interpolation between the last weight below it and the next. */
function halfWeight(points: readonly { weight: number; sparsity: number }[]): number {
  const sorted = [...points].sort((a, b) => a.weight - b.weight);
  const above = sorted.findIndex(({ sparsity }) => sparsity >= 0.5);
  const [from, to] = [sorted[Math.max(0, above - 1)], sorted[above]];
  if (to.sparsity === from.sparsity) return to.weight;
  return from.weight + ((0.5 - from.sparsity) / (to.sparsity - from.sparsity)) * (to.weight - from.weight);
}

function best(runs: readonly ResultRow[]): string {
  const sparse = runs.filter(({ sparsity }) => sparsity > 0.1).map(({ quality }) => quality);
  return `no run with more than 10 % sparsity exceeds ${Math.max(...sparse).toFixed(1)} % top-1`;
}
