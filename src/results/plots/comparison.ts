import type { Technique } from '../../base/technique.ts';
import type { PublishedModel } from '../../layers/published-name.ts';
import { isExtended, selectCheckpoints } from '../catalogue.ts';
import type { ResultRow } from '../load-results.ts';
import { bestRows } from '../query.ts';
import { EXTENDED_STYLE, MODEL_LABEL, QUALITY_LABEL, SPARSITY_AXIS, TECHNIQUE_STYLE } from './appearance.ts';
import { draw } from './drawing.ts';
import type { Figure } from './figure.ts';

/** A point of a curve. */
interface Point {
  readonly sparsity: number;
  readonly quality: number;
}

/** Quality against sparsity: a curve for each technique through the best run of each level, over all runs. */
export async function bestFigure(rows: readonly ResultRow[], model: PublishedModel): Promise<Figure> {
  const runs = comparisonRuns(rows, model);
  const best = bestRows(runs);
  const curves: (Point & { label: string; color: string })[] = [
    ...best.map((row) => ({ ...row, ...TECHNIQUE_STYLE[row.technique] })),
    ...extendedRuns(model).map((point) => ({ ...point, ...EXTENDED_STYLE })),
  ];
  const dense = denseQuality(rows, model);
  const top = Math.max(dense, ...curves.map(({ quality }) => quality));
  const bottom = Math.min(...curves.map(({ quality }) => quality));
  const margin = 0.04 * (top - bottom);
  const svg = await draw((plot) => ({
    x: { ...SPARSITY_AXIS, domain: [48, 100] },
    y: { label: QUALITY_LABEL[model], domain: [bottom - margin, top + margin], grid: true },
    key: [
      ...distinct(curves.map(({ label, color }) => ({ label, color }))),
      { ...TECHNIQUE_STYLE.dense, dash: '4 3' },
    ],
    marks: [
      plot.dot(runs, {
        x: 'sparsity',
        y: 'quality',
        r: 1.2,
        fill: ({ technique }: ResultRow) => TECHNIQUE_STYLE[technique].color,
        fillOpacity: 0.25,
        clip: true,
      }),
      plot.ruleY([dense], { stroke: TECHNIQUE_STYLE.dense.color, strokeDasharray: '4 3' }),
      plot.line(curves, { x: 'sparsity', y: 'quality', z: 'label', stroke: 'color', strokeWidth: 2 }),
      plot.dot(curves, { x: 'sparsity', y: 'quality', fill: 'color', r: 4, stroke: 'white' }),
    ],
  }));
  return {
    name: `${model}-best`,
    title: `${MODEL_LABEL[model]}: quality against sparsity`,
    caption:
      'The best run of each technique at each sparsity (large dots), over all runs (small ones); dashed, the mean of the dense models.' +
      (model === 'rn50'
        ? ' Extended runs train 1.5 times as long; they are those of the published checkpoints.'
        : ''),
    svg,
  };
}

/** All runs of each technique, with the best of each level ringed. */
export async function scatterFigure(rows: readonly ResultRow[], model: PublishedModel): Promise<Figure> {
  const runs = comparisonRuns(rows, model);
  const techniques = distinct(runs.map(({ technique }) => technique));
  const place = panels(techniques);
  const labelled = (row: ResultRow) => ({
    ...row,
    ...place(row.technique),
    ...TECHNIQUE_STYLE[row.technique],
  });
  const svg = await draw((plot) => ({
    height: 640,
    x: { ...SPARSITY_AXIS, domain: [0, 100] },
    y: { label: QUALITY_LABEL[model], grid: true },
    fx: { axis: null, padding: 0.08 },
    fy: { axis: null, padding: 0.14 },
    marks: [
      plot.frame({ stroke: '#ccc' }),
      plot.dot(runs.map(labelled), {
        fx: 'fx',
        fy: 'fy',
        x: 'sparsity',
        y: 'quality',
        r: 1.5,
        fill: 'color',
        fillOpacity: 0.4,
      }),
      plot.dot(bestRows(runs).map(labelled), {
        fx: 'fx',
        fy: 'fy',
        x: 'sparsity',
        y: 'quality',
        r: 4,
        stroke: 'black',
        strokeWidth: 1.2,
      }),
      plot.text(
        techniques.map((technique) => ({ ...place(technique), ...TECHNIQUE_STYLE[technique] })),
        {
          fx: 'fx',
          fy: 'fy',
          text: 'label',
          fill: 'color',
          frameAnchor: 'top-left',
          dy: -14,
          fontWeight: 'bold',
        },
      ),
    ],
  }));
  return {
    name: `${model}-all`,
    title: `${MODEL_LABEL[model]}: all ${runs.length} measurements`,
    caption:
      'Every configuration that was tried, by technique. Ringed is the best run within 0.3 points of each level of sparsity.',
    svg,
  };
}

function comparisonRuns(rows: readonly ResultRow[], model: PublishedModel): ResultRow[] {
  return rows.filter((row) => row.model === model && row.experiment === 'comparison' && !hasFailed(row));
}

/** L0 regularisation never worked on ResNet-50: its accuracy is that of guessing. It has a figure of its own. */
function hasFailed({ model, technique }: ResultRow): boolean {
  return model === 'rn50' && technique === 'l0_regularization';
}

/** The extended runs are in no file; of them the published checkpoints are known. */
function extendedRuns(model: PublishedModel): Point[] {
  return selectCheckpoints({ model })
    .filter(({ settings }) => isExtended(settings))
    .map(({ sparsity, figure }) => ({ sparsity, quality: figure }));
}

/** Mean of the dense models. */
export function denseQuality(rows: readonly ResultRow[], model: PublishedModel): number {
  const dense = rows.filter((row) => row.model === model && row.experiment === 'baseline');
  return dense.reduce((sum, { quality }) => sum + quality, 0) / dense.length;
}

/** Places panels two a row. */
function panels(techniques: readonly Technique[]): (technique: Technique) => { fx: number; fy: number } {
  return (technique) => {
    const i = techniques.indexOf(technique);
    return { fx: i % 2, fy: Math.floor(i / 2) };
  };
}

function distinct<T>(values: readonly T[]): T[] {
  return Array.from(new Map(values.map((value) => [JSON.stringify(value), value])).values());
}
