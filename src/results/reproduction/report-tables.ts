import { toPercent } from '../../base/percent.ts';
import type { PublishedModel } from '../../layers/published-name.ts';
import { METRIC_OF, pointsOf } from '../catalogue.ts';
import { MODEL_LABEL, TECHNIQUE_STYLE } from '../plots/appearance.ts';
import type { Task } from './checkpoint-result.ts';
import { type Comparison, differs, type Report, type ReportRow, type RowStatus } from './report.ts';

export const REPORT_TITLE = 'Reproduction of the published results';

/** A table to be written as text or markup. */
export interface ReportTable {
  readonly columns: readonly { readonly heading: string; readonly align: 'left' | 'right' }[];
  readonly rows: readonly { readonly verdict: Verdict; readonly cells: readonly string[] }[];
}

export type Verdict = 'agrees' | 'differs' | 'failed' | 'none';

/** Decimals that figures are shown with: sparsity to some dozens of weights, the others as they are published. */
const DECIMALS = { sparsity: 4, quality: 2 } as const;

/** The models of which a report has checkpoints, in the order of the paper. */
export function reportedModels({ checkpoints }: Report): PublishedModel[] {
  return (['transformer', 'rn50'] as const).filter((model) => checkpoints.some((row) => row.model === model));
}

/** The table of a model: figures beside the published ones. */
export function figuresTable({ checkpoints, environments }: Report, model: PublishedModel): ReportTable {
  const metric = METRIC_OF[model];
  const left = (heading: string) => ({ heading, align: 'left' }) as const;
  const right = (heading: string) => ({ heading, align: 'right' }) as const;
  const severalEnvironments = environments.length > 1;
  return {
    columns: [
      left('checkpoint'),
      left('technique'),
      left('result'),
      right('sparsity published (%)'),
      right('measured (%)'),
      right('difference'),
      right(`${metric} published`),
      right('measured'),
      right('difference'),
      right('layers sparse+dense'),
      right('time (s)'),
      ...(severalEnvironments ? [right('measured with')] : []),
    ],
    rows: checkpoints
      .filter((row) => row.model === model && isTold(row))
      .map((row) => ({
        verdict: verdictOf(row),
        cells: [
          row.name,
          TECHNIQUE_STYLE[row.technique].label,
          describeResult(row),
          ...comparisonCells(row.sparsity, DECIMALS.sparsity, toPercent),
          ...comparisonCells(row.quality, DECIMALS.quality, (value) => pointsOf(metric, value)),
          row.run ? `${row.run.layers.sparse} + ${row.run.layers.dense}` : '',
          row.run ? row.run.seconds.toFixed(1) : '',
          ...(severalEnvironments ? [row.run ? `${row.run.environment + 1}` : ''] : []),
        ],
      })),
  };
}

/** Checkpoints of which there is nothing to tell are counted, see {@link restLines}, not listed. */
function isTold({ status }: ReportRow): boolean {
  return status === 'measured' || status === 'failed';
}

/** How many checkpoints of a model have no row, in a line each. */
export function restLines({ checkpoints }: Report, model: PublishedModel): string[] {
  const count = (status: RowStatus) =>
    checkpoints.filter((row) => row.model === model && row.status === status).length;
  const [missing, pending] = [count('missing'), count('pending')];
  return [
    ...(missing > 0 ? [`${missing} checkpoints are not there.`] : []),
    ...(pending > 0 ? [`${pending} checkpoints are not measured yet.`] : []),
  ];
}

/** What is to be known before the figures are read, in a line each. */
export function partialLines({ checkpoints }: Report): string[] {
  return (['transformer', 'rn50'] as const).flatMap((model) => {
    const row = checkpoints.find((each) => each.model === model && each.quality.partial);
    if (row?.run == null) return [];
    const { metric } = row.quality;
    const items = metric === 'BLEU' ? 'sentences' : 'pictures';
    return [
      `Partial: ${metric} was measured on the first ${row.run.count} ${items} only, so it cannot be compared with the published figures.`,
    ];
  });
}

/** What the figures of a model were measured on, line by line. */
export function taskLines({ tasks }: Report): [model: string, lines: [name: string, value: string][]][] {
  return Object.entries(tasks).map(([model, task]) => [
    MODEL_LABEL[model as PublishedModel],
    Object.entries(task as Task).map(([name, value]) => [name, value === null ? 'all' : String(value)]),
  ]);
}

/** Why checkpoints could not be measured. */
export function failureLines({ checkpoints }: Report): string[] {
  return checkpoints.flatMap(({ name, failure }) => (failure === null ? [] : [`${name}: ${failure}`]));
}

/** The environments, numbered as in the tables. */
export function environmentLines({ environments }: Report): string[] {
  return environments.map(({ adapter, tsos }, i) => {
    const number = environments.length > 1 ? `${i + 1}. ` : '';
    return `${number}${adapter}; tsos ${tsos}`;
  });
}

/** In a line, what came of it. */
export function summaryLine({ summary, tolerance }: Report): string {
  const { measured, differing, failed, missing, pending } = summary;
  const rest = Object.entries({ failed, missing, 'not measured yet': pending }).filter(
    ([, count]) => count > 0,
  );
  return [
    `Checkpoints measured: ${measured}, with figures beyond the tolerance: ${differing}`,
    ` (sparsity ${toPercent(tolerance.sparsity)}, BLEU ${tolerance.bleu}, top-1 ${toPercent(tolerance.top1)} points from the published ones).`,
    ...rest.map(([what, count]) => ` ${what[0].toUpperCase()}${what.slice(1)}: ${count}.`),
  ].join('');
}

function verdictOf(row: ReportRow): Verdict {
  if (row.status === 'failed') return 'failed';
  if (row.status !== 'measured') return 'none';
  return differs(row) ? 'differs' : 'agrees';
}

function describeResult(row: ReportRow): string {
  switch (row.status) {
    case 'failed':
      return 'failed';
    case 'missing':
      return 'checkpoint missing';
    case 'pending':
      return 'not measured yet';
    case 'measured': {
      const outside = [
        row.sparsity.within === false ? 'sparsity' : '',
        row.quality.within === false ? row.quality.metric : '',
      ].filter((part) => part !== '');
      if (outside.length > 0) return `${outside.join(' and ')} outside the tolerance`;
      if (row.quality.partial) return `agrees (${row.quality.metric} partial)`;
      return row.run === null ? `agrees (no ${row.quality.metric})` : 'agrees';
    }
  }
}

/** @param points what people are shown of a value */
function comparisonCells(
  { published, measured, difference }: Comparison,
  decimals: number,
  points: (value: number) => number,
): string[] {
  return [
    points(published).toFixed(decimals),
    measured === null ? '' : points(measured).toFixed(decimals),
    difference === null ? '' : signed(points(difference), decimals),
  ];
}

function signed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}
