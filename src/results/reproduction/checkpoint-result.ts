import { differingNames } from '../../base/differing-names.ts';
import { UsageError } from '../../base/errors.ts';
import {
  agreeing,
  either,
  fields,
  nullable,
  oneOf,
  real,
  recordOf,
  type Shape,
  text,
  truth,
  whole,
} from '../../base/json-shape.ts';
import { TECHNIQUES, type Technique } from '../../base/technique.ts';
import { writeFileAtomic } from '../../io/files/atomic-file.ts';
import { diskTree } from '../../io/files/disk-tree.ts';
import { makeFolder } from '../../io/files/make-folder.ts';
import { pathIn } from '../../io/files/paths.ts';
import { formatSealed, readSealed } from '../../io/files/sealed-json.ts';
import type { PublishedModel } from '../../layers/published-name.ts';
import type { Metric } from '../catalogue.ts';
import { CHECKPOINT_NAME } from './target.ts';

const FORMAT = 'tsos reproduction 2';

/** What a model is measured on, and how: all that decides on its figures beside the checkpoint. */
export type Task = Readonly<Record<string, string | number | boolean | null>>;

/** All that tells a checkpoint, as it is measured, from others. */
export interface CheckpointIdentity {
  /** See `checkpointDigest`. */
  readonly sha256: string;
  readonly technique: Technique;
  /** Log-alpha threshold of variational dropout, else null. */
  readonly threshold: number | null;
}

/** What was measured of a checkpoint. */
export interface Measurement {
  readonly checkpoint: CheckpointIdentity & { readonly path: string };
  readonly sparsity: { readonly nonzero: number; readonly total: number };
  /** Null where there was nothing to measure it on. */
  readonly quality: Quality | null;
}

/** How good a model is, and what it was measured with. */
export interface Quality {
  readonly metric: Metric;
  /** BLEU in its points, 0 to 100; top-1 accuracy as a share, 0 to 1. */
  readonly value: number;
  /** Sentences, or pictures. */
  readonly count: number;
  /** What else came out, such as top-5 accuracy or the signature of BLEU. */
  readonly details: Readonly<Record<string, string | number | null>>;
  readonly task: Task;
  /** Layers that ran on compressed weights, and on all of them. */
  readonly layers: { readonly sparse: number; readonly dense: number };
  readonly environment: Environment;
  /** Time spent on it by the run that finished it. */
  readonly seconds: number;
}

/** What a figure was measured with. */
export interface Environment {
  /** In a line. */
  readonly adapter: string;
  readonly software: boolean;
  readonly runtime: string;
  readonly webgpu: string | null;
  readonly tsos: string;
}

/** Why there is no measurement. */
export interface Failure {
  readonly kind: string;
  readonly message: string;
  readonly exitCode: number;
}

/** What became of a checkpoint; a file of its own in the folder of a reproduction. */
export type CheckpointResult = UnwrittenResult & { readonly format: typeof FORMAT };

/** A result without what marks its file. */
export type UnwrittenResult = { readonly name: string; readonly model: PublishedModel } & (
  | { readonly measurement: Measurement }
  | { readonly failure: Failure }
);

/** Where the results of single checkpoints are, in the folder of a reproduction. */
export function resultsFolder(folder: string): string {
  return pathIn(folder, 'checkpoints');
}

export async function writeResult(folder: string, result: UnwrittenResult): Promise<void> {
  await makeFolder(resultsFolder(folder));
  await writeFileAtomic(resultPath(folder, result.name), formatSealed({ format: FORMAT, ...result }));
}

/** Where the result of a checkpoint is, in the folder of a reproduction. */
export function resultPath(folder: string, name: string): string {
  return pathIn(resultsFolder(folder), `${name}.json`);
}

/**
 * Reads the results in the folder of a reproduction, by name; none where there is no such folder.
 * @throws {DataError} where one is damaged.
 */
export async function readResults(folder: string): Promise<Map<string, CheckpointResult>> {
  const names = await diskTree.list(resultsFolder(folder));
  const results = new Map<string, CheckpointResult>();
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    const result = await readResult(pathIn(resultsFolder(folder), name));
    results.set(result.name, result);
  }
  return results;
}

/**
 * Puts results of several folders together. Of two of one checkpoint the one that says more counts, else the first.
 * @throws {UsageError} where a checkpoint was measured in two of them from different files.
 */
export function mergeResults(
  folders: readonly ReadonlyMap<string, CheckpointResult>[],
): Map<string, CheckpointResult> {
  const merged = new Map<string, CheckpointResult>();
  for (const result of folders.flatMap((results) => [...results.values()])) {
    const other = merged.get(result.name);
    if (other !== undefined) requireSameCheckpoint(result, other);
    if (other === undefined || saysOf(result) > saysOf(other)) merged.set(result.name, result);
  }
  return merged;
}

/** How much a result says: nothing but that it failed, sparsity, or all. */
function saysOf(result: CheckpointResult): number {
  if ('failure' in result) return 0;
  return result.measurement.quality === null ? 1 : 2;
}

function requireSameCheckpoint(a: CheckpointResult, b: CheckpointResult): void {
  if ('failure' in a || 'failure' in b) return;
  const [one, other] = [a.measurement.checkpoint, b.measurement.checkpoint];
  const key = findDifference(one, other);
  if (key === undefined) return;
  throw new UsageError(`${a.name} was measured twice, with different ${key}: ${one[key]} and ${other[key]}`);
}

/** In what two checkpoints differ, wherever they lie; undefined where they are the same. */
export function findDifference(
  a: CheckpointIdentity,
  b: CheckpointIdentity,
): keyof CheckpointIdentity | undefined {
  return (['sha256', 'technique', 'threshold'] as const).find((key) => a[key] !== b[key]);
}

/**
 * Makes sure that figures which are to stand side by side were measured on the same sentences or pictures, in the same way.
 * @param tasks what each model is about to be measured on; models that are left out are compared among themselves.
 * @throws {UsageError} where they were not.
 */
export function requireSameTasks(
  results: Iterable<CheckpointResult>,
  tasks: Partial<Readonly<Record<PublishedModel, Task>>>,
  folder: string,
): void {
  const wanted: Partial<Record<PublishedModel, Task>> = { ...tasks };
  for (const result of results) {
    const task = 'measurement' in result ? result.measurement.quality?.task : undefined;
    if (task === undefined) continue;
    const other = wanted[result.model];
    if (other === undefined) {
      wanted[result.model] = task;
      continue;
    }
    const different = differingNames(task, other);
    if (different.length === 0) continue;
    throw new UsageError(
      `${folder}: the result of ${result.name} is of a run with other ${different.join(', ')}; give what that run was given, or another folder`,
    );
  }
}

const TASK = recordOf(either(text(), real(), truth, oneOf(null)));

const QUALITY = agreeing(
  fields({
    metric: oneOf('BLEU', 'top-1'),
    value: real({ least: 0, most: 100 }),
    count: whole(),
    details: recordOf(either(text(), real(), oneOf(null))),
    task: TASK,
    layers: fields({ sparse: whole(), dense: whole() }),
    environment: fields({
      adapter: text(),
      software: truth,
      runtime: text(),
      webgpu: nullable(text()),
      tsos: text(),
    }),
    seconds: real({ least: 0 }),
  }),
  ({ metric, value }) =>
    metric === 'top-1' && value > 1 ? `value is ${value}; top-1 accuracy must be from 0 to 1` : undefined,
) satisfies Shape<Quality>;

const MEASUREMENT = fields({
  checkpoint: fields({
    path: text(),
    sha256: text(),
    technique: oneOf(...TECHNIQUES),
    threshold: nullable(real()),
  }),
  sparsity: agreeing(fields({ nonzero: whole(), total: whole() }), ({ nonzero, total }) =>
    nonzero <= total ? undefined : `${nonzero} of ${total} weights cannot be nonzero`,
  ),
  quality: nullable(QUALITY),
}) satisfies Shape<Measurement>;

const HEAD = {
  format: oneOf(FORMAT),
  name: CHECKPOINT_NAME,
  model: oneOf('transformer', 'rn50'),
};

const RESULT = either(
  fields({ ...HEAD, failure: fields({ kind: text(), message: text(), exitCode: whole() }) }),
  fields({ ...HEAD, measurement: MEASUREMENT }),
) satisfies Shape<CheckpointResult>;

async function readResult(file: string): Promise<CheckpointResult> {
  return readSealed(file, RESULT, 'result of "tsos reproduce"');
}
