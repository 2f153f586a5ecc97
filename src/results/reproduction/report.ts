import type { Technique } from '../../base/technique.ts';
import type { PublishedModel } from '../../layers/published-name.ts';
import { METRIC_OF, type Metric } from '../catalogue.ts';
import type { CheckpointResult, Environment, Measurement, Quality, Task } from './checkpoint-result.ts';
import type { Target } from './target.ts';
import type { Tolerance } from './tolerance.ts';

/** All that a reproduction says. */
export interface Report {
  readonly format: 'tsos reproduction report 2';
  readonly tolerance: Tolerance;
  /** In the order of the targets. */
  readonly checkpoints: readonly ReportRow[];
  /** How many checkpoints there are of each status, and how many of the measured ones differ. */
  readonly summary: Readonly<Record<RowStatus | 'differing', number>>;
  /** What each model was measured on. */
  readonly tasks: Partial<Readonly<Record<PublishedModel, Task>>>;
  /** What the figures were measured with; rows name their place in this list, from 0. */
  readonly environments: readonly Environment[];
}

/** `missing`: looked for and not there. `pending`: not measured yet, or elsewhere. */
export type RowStatus = 'measured' | 'failed' | 'missing' | 'pending';

export interface ReportRow {
  readonly name: string;
  readonly model: PublishedModel;
  readonly technique: Technique;
  readonly status: RowStatus;
  /** Shares of zeros, from 0 to 1; `measured` is null where there is no measurement. */
  readonly sparsity: Comparison;
  /** BLEU in its points, 0 to 100; top-1 accuracy as a share, 0 to 1. */
  readonly quality: Comparison & {
    readonly metric: Metric;
    /** Whether it was measured on a part of what the published figure was; so it is no reproduction, and no difference told. */
    readonly partial: boolean;
  };
  /** Null where it was not measured. */
  readonly run: RowRun | null;
  /** What the checkpoint is known by; null where it was not opened. */
  readonly checkpoint: Measurement['checkpoint'] | null;
  /** Why there is no measurement. */
  readonly failure: string | null;
}

/** A published figure and the one that was measured. */
export interface Comparison {
  readonly published: number;
  readonly measured: number | null;
  /** Measured less published. */
  readonly difference: number | null;
  /** Whether the difference is within the tolerance; null where there is none, or where the two are not comparable. */
  readonly within: boolean | null;
}

/** How the quality of a checkpoint was measured. */
export interface RowRun extends Pick<Quality, 'count' | 'details' | 'layers' | 'seconds'> {
  /** A place in the list of the report. */
  readonly environment: number;
}

export interface ReportOptions {
  readonly tolerance: Tolerance;
  /** Names of checkpoints that were looked for and are not there. */
  readonly missing?: ReadonlySet<string>;
}

/** Puts what was measured beside what was published. */
export function buildReport(
  targets: readonly Target[],
  results: ReadonlyMap<string, CheckpointResult>,
  { tolerance, missing = new Set() }: ReportOptions,
): Report {
  const environments: Environment[] = [];
  const tasks: Partial<Record<PublishedModel, Task>> = {};
  const checkpoints = targets.map((target): ReportRow => {
    const result = results.get(target.name);
    const measurement = result !== undefined && 'measurement' in result ? result.measurement : undefined;
    const quality = measurement?.quality;
    if (quality) tasks[target.model] = quality.task;
    const isPartial = typeof quality?.task.limit === 'number';
    const { name, model, technique } = target;
    const metric = METRIC_OF[model];
    return {
      name,
      model,
      technique,
      status: statusOf(result, missing.has(name)),
      sparsity: compare(
        sparsityOf(target.keptWeights, target.totalWeights),
        measurement && sparsityOf(measurement.sparsity.nonzero, measurement.sparsity.total),
        tolerance.sparsity,
      ),
      quality: {
        metric,
        partial: isPartial,
        ...compare(target.figure, quality?.value, metric === 'BLEU' ? tolerance.bleu : tolerance.top1),
        ...(isPartial && { difference: null, within: null }),
      },
      run: quality ? runOf(quality, environments) : null,
      checkpoint: measurement?.checkpoint ?? null,
      failure: result !== undefined && 'failure' in result ? result.failure.message : null,
    };
  });
  return {
    format: 'tsos reproduction report 2',
    tolerance,
    checkpoints,
    summary: summarise(checkpoints),
    tasks,
    environments,
  };
}

/** Whether a figure differs by more than the tolerance. */
export function differs({ sparsity, quality }: Pick<ReportRow, 'sparsity' | 'quality'>): boolean {
  return sparsity.within === false || quality.within === false;
}

function statusOf(result: CheckpointResult | undefined, isMissing: boolean): RowStatus {
  if (result === undefined) return isMissing ? 'missing' : 'pending';
  return 'failure' in result ? 'failed' : 'measured';
}

function sparsityOf(nonzero: number, total: number): number {
  return 1 - nonzero / total;
}

/** What two decimal fractions may seem to be apart, being stored in binary. */
const ROUNDING = 1e-9;

function compare(published: number, measured: number | undefined, tolerance: number): Comparison {
  if (measured === undefined) return { published, measured: null, difference: null, within: null };
  const difference = measured - published;
  return { published, measured, difference, within: Math.abs(difference) <= tolerance + ROUNDING };
}

/** @param environments is added to where that of the run is a new one. */
function runOf(
  { count, details, layers, seconds, environment }: Quality,
  environments: Environment[],
): RowRun {
  const text = JSON.stringify(environment);
  let place = environments.findIndex((known) => JSON.stringify(known) === text);
  if (place < 0) place = environments.push(environment) - 1;
  return { count, details, layers, seconds, environment: place };
}

function summarise(rows: readonly ReportRow[]): Report['summary'] {
  const count = (status: RowStatus) => rows.filter((row) => row.status === status).length;
  return {
    measured: count('measured'),
    differing: rows.filter(differs).length,
    failed: count('failed'),
    missing: count('missing'),
    pending: count('pending'),
  };
}
