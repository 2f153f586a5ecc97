import { type PublishedModel, parsePublishedName } from '../../layers/published-name.ts';
import { isExtended, pointsOf } from '../catalogue.ts';
import {
  COLORS,
  EXTENDED_STYLE,
  MODEL_LABEL,
  QUALITY_LABEL,
  SPARSITY_AXIS,
  TECHNIQUE_STYLE,
} from '../plots/appearance.ts';
import { draw } from '../plots/drawing.ts';
import type { Figure } from '../plots/figure.ts';
import type { Report, ReportRow } from './report.ts';

const PUBLISHED = { label: 'published', color: COLORS.grey, dash: '4 3' };
const MEASURED = { label: 'measured', color: COLORS.black };

interface Point {
  readonly sparsity: number;
  readonly quality: number;
  readonly label: string;
  readonly color: string;
}

/** Quality against sparsity, measured and published, a curve for each technique. */
export async function reportFigure({ checkpoints }: Report, model: PublishedModel): Promise<Figure> {
  const rows = checkpoints.filter((row) => row.model === model);
  const published = rows.map((row) => pointOf(row, row.sparsity.published, row.quality.published));
  const measured = rows.flatMap((row) =>
    row.sparsity.measured === null || row.quality.measured === null
      ? []
      : [pointOf(row, row.sparsity.measured, row.quality.measured)],
  );
  const series = new Map(published.map(({ label, color }) => [label, { label, color }]));
  const curve = { x: 'sparsity', y: 'quality', z: 'label', stroke: 'color' } as const;
  const svg = await draw((plot) => ({
    x: { ...SPARSITY_AXIS },
    y: { label: QUALITY_LABEL[model], grid: true, nice: true },
    key: [...series.values(), MEASURED, PUBLISHED],
    marks: [
      plot.line(bySparsity(published), { ...curve, strokeDasharray: PUBLISHED.dash }),
      plot.dot(published, { x: 'sparsity', y: 'quality', stroke: 'color', fill: 'white', r: 5 }),
      plot.line(bySparsity(measured), { ...curve, strokeWidth: 2 }),
      plot.dot(measured, { x: 'sparsity', y: 'quality', fill: 'color', r: 3 }),
    ],
  }));
  return {
    name: `${model}-figure`,
    title: `${MODEL_LABEL[model]}: quality against sparsity`,
    caption: `Measured (filled dots, drawn through) on what was published (rings, dashed); ${measured.length} of ${rows.length} checkpoints were measured.`,
    svg,
  };
}

function pointOf(
  { name, technique, quality: { metric } }: ReportRow,
  sparsity: number,
  value: number,
): Point {
  const settings = parsePublishedName(name);
  const style = settings !== undefined && isExtended(settings) ? EXTENDED_STYLE : TECHNIQUE_STYLE[technique];
  return { sparsity, quality: pointsOf(metric, value), ...style };
}

function bySparsity(points: readonly Point[]): Point[] {
  return [...points].sort((a, b) => a.sparsity - b.sparsity);
}
