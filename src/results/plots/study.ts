import type { PublishedModel } from '../../layers/published-name.ts';
import type { ResultRow } from '../load-results.ts';
import { SPARSITY_AXIS, TECHNIQUE_STYLE } from './appearance.ts';
import { denseQuality } from './comparison.ts';
import { draw, type KeyEntry } from './drawing.ts';
import type { Figure } from './figure.ts';

const MODELS: readonly PublishedModel[] = ['transformer', 'rn50'];
const STUDY_LABEL: Readonly<Record<PublishedModel, string>> = {
  transformer: 'Transformer',
  rn50: 'Residual network',
};
const DASHED = '4 3';

/**
 * Draws a study of one's own: quality against sparsity for each model that it has, and beside the paper's as a share of what the
 * dense models reach, since the tasks differ.
 * @param paper rows of the paper's own files, where they are at hand
 */
export function studyFigures(
  rows: readonly ResultRow[],
  paper: readonly ResultRow[] | undefined,
): Promise<Figure[]> {
  const models = MODELS.filter((model) => curvesOf(rows, model).length > 0);
  return Promise.all(
    models.flatMap((model) => [
      qualityFigure(rows, model),
      ...(paper !== undefined && isMeasured(rows, model) ? [relativeFigure(rows, paper, model)] : []),
    ]),
  );
}

/** A point of a curve. */
interface Point {
  readonly technique: ResultRow['technique'];
  readonly sparsity: number;
  readonly quality: number;
}

async function qualityFigure(rows: readonly ResultRow[], model: PublishedModel): Promise<Figure> {
  const points = curvesOf(rows, model);
  const dense = isMeasured(rows, model) ? [denseQuality(rows, model)] : [];
  const label = model === 'transformer' ? '↑ BLEU' : '↑ top-1 accuracy (%)';
  const svg = await draw((plot) => ({
    x: SPARSITY_AXIS,
    y: { label, grid: true, zero: true },
    key: [...keyOf(points), ...(dense.length > 0 ? [{ ...TECHNIQUE_STYLE.dense, dash: DASHED }] : [])],
    marks: [
      plot.ruleY(dense, { stroke: TECHNIQUE_STYLE.dense.color, strokeDasharray: DASHED }),
      plot.line(points, { x: 'sparsity', y: 'quality', z: 'technique', stroke: colorOf, strokeWidth: 2 }),
      plot.dot(points, { x: 'sparsity', y: 'quality', fill: colorOf, r: 4, stroke: 'white' }),
    ],
  }));
  return {
    name: `${model}-study`,
    title: `${STUDY_LABEL[model]}: quality against sparsity`,
    caption: 'The best run of each technique at each sparsity; dashed, the mean of the dense models.',
    svg,
  };
}

async function relativeFigure(
  rows: readonly ResultRow[],
  paper: readonly ResultRow[],
  model: PublishedModel,
): Promise<Figure> {
  const relative = (all: readonly ResultRow[], points: readonly Point[]) => {
    const dense = denseQuality(all, model);
    return points.map((point) => ({ ...point, quality: point.quality / dense }));
  };
  const own = relative(rows, curvesOf(rows, model));
  const techniques = new Set(own.map(({ technique }) => technique));
  const levels = paper.filter(({ level }) => level !== undefined);
  const theirs = relative(
    paper,
    curvesOf(levels, model).filter(({ technique }) => techniques.has(technique)),
  );
  const svg = await draw((plot) => ({
    x: SPARSITY_AXIS,
    y: { label: '↑ quality (% of dense)', percent: true, grid: true, zero: true },
    key: [
      ...keyOf(own),
      ...keyOf(theirs).map((entry) => ({ ...entry, label: `${entry.label}, the paper`, dash: DASHED })),
    ],
    marks: [
      plot.line(theirs, {
        x: 'sparsity',
        y: 'quality',
        z: 'technique',
        stroke: colorOf,
        strokeDasharray: DASHED,
      }),
      plot.line(own, { x: 'sparsity', y: 'quality', z: 'technique', stroke: colorOf, strokeWidth: 2 }),
      plot.dot(own, { x: 'sparsity', y: 'quality', fill: colorOf, r: 4, stroke: 'white' }),
    ],
  }));
  return {
    name: `${model}-beside-the-paper`,
    title: `${STUDY_LABEL[model]}: beside the paper`,
    caption:
      'Quality as a share of what the dense models reach: of the study, and dashed of the best published runs.',
    svg,
  };
}

/** The best run of each technique at each sparsity, in per mille, from the least on. */
function curvesOf(rows: readonly ResultRow[], model: PublishedModel): Point[] {
  const best = new Map<string, Point>();
  for (const { technique, sparsity, level, quality, experiment, ...row } of rows) {
    if (row.model !== model || experiment !== 'comparison') continue;
    const at = level ?? sparsity;
    const key = `${technique} ${at.toFixed(3)}`;
    if (!((best.get(key)?.quality ?? Number.NEGATIVE_INFINITY) >= quality)) {
      best.set(key, { technique, sparsity: at, quality });
    }
  }
  return [...best.values()].sort((a, b) => a.sparsity - b.sparsity);
}

function isMeasured(rows: readonly ResultRow[], model: PublishedModel): boolean {
  return rows.some((row) => row.model === model && row.experiment === 'baseline');
}

function keyOf(points: readonly Point[]): KeyEntry[] {
  return [...new Set(points.map(({ technique }) => technique))].map(
    (technique) => TECHNIQUE_STYLE[technique],
  );
}

function colorOf({ technique }: Point): string {
  return TECHNIQUE_STYLE[technique].color;
}
