import {
  fields,
  listOf,
  nullable,
  oneOf,
  optional,
  real,
  recordOf,
  type Shape,
  text,
  whole,
} from '../base/json-shape.ts';
import { formatSealed, readSealed } from '../io/files/sealed-json.ts';
import type { TrainingSettings } from '../train/run/settings.ts';

const FORMAT = 'tsos study result 1';

/** A finished run, measured; or one that diverged. */
export interface RunResult {
  /** What the file is, and of which version. */
  readonly format: 'tsos study result 1';
  /** Of the run, within its study. */
  readonly name: string;
  /** How it was trained. */
  readonly settings: TrainingSettings;
  /** Why there is nothing to measure: training would end so again. */
  readonly diverged?: string | undefined;
  /** One; of variational dropout in a Transformer one for each threshold that the paper's file has. */
  readonly measurements: readonly Measurement[];
  /** Where it was measured. */
  readonly adapter: string;
  /** Steps that were trained. */
  readonly steps: number;
  /** What training took in the process that finished it, and measuring. */
  readonly seconds: number;
}

/** What was measured of a run. */
export interface Measurement {
  /** Threshold of log-alpha; null where there is none. */
  readonly logAlphaThreshold: number | null;
  /** Share of weights that are dropped, counted as `tsos sparsity` does; 0 for a dense model. */
  readonly sparsity: number;
  /** BLEU in its points, all else as shares. */
  readonly evaluation: Readonly<Record<string, number>>;
}

/** A result of the format. */
export function runResult(result: Omit<RunResult, 'format'>): RunResult {
  return { format: FORMAT, ...result };
}

export function formatRunResult(result: RunResult): string {
  return formatSealed(result);
}

/**
 * Reads the result of a run from `results/<name>.json` in the folder of its sweep.
 * @throws {DataError} where it cannot be read, is damaged or something else.
 */
export function readRunResult(file: string): Promise<RunResult> {
  return readSealed(file, RESULT, 'result of a run of "tsos sweep"');
}

const RESULT = fields({
  format: oneOf(FORMAT),
  name: text(),
  settings: fields({ model: oneOf('transformer', 'rn50') }) as unknown as Shape<TrainingSettings>,
  measurements: listOf(
    fields({
      logAlphaThreshold: nullable(real()),
      sparsity: real({ least: 0, most: 1 }),
      evaluation: recordOf(real()),
    }),
  ),
  diverged: optional(text()),
  adapter: text(),
  steps: whole(),
  seconds: real({ least: 0 }),
}) as Shape<RunResult>;
