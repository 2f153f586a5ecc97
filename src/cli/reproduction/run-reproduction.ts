import { TsosError, UsageError } from '../../base/errors.ts';
import { checkpointDigest } from '../../io/checkpoint/checkpoint-digest.ts';
import { OutputInUseError } from '../../io/files/output-lock.ts';
import {
  type CheckpointResult,
  type Failure,
  readResults,
  requireSameTasks,
  type UnwrittenResult,
  writeResult,
} from '../../results/reproduction/checkpoint-result.ts';
import { buildReport, type Report } from '../../results/reproduction/report.ts';
import type { Target } from '../../results/reproduction/target.ts';
import type { Tolerance } from '../../results/reproduction/tolerance.ts';
import { writeReport } from '../../results/reproduction/write-report.ts';
import { complain, note } from '../terminal/print.ts';
import { isMeasured, measureCheckpoint, type Tasks } from './measure-checkpoint.ts';

export interface ReproductionJob {
  /** What the report is about. */
  readonly targets: readonly Target[];
  /** What this run measures. */
  readonly share: readonly Target[];
  /** Finds, or gets, a checkpoint; undefined where there is none. */
  readonly find: (target: Target) => Promise<string | undefined>;
  readonly tasks: Tasks;
  readonly folder: string;
  readonly resume: boolean;
  readonly tolerance: Tolerance;
  readonly signal: AbortSignal;
}

export interface ReproductionOutcome {
  readonly report: Report;
  readonly results: ReadonlyMap<string, CheckpointResult>;
}

/**
 * Measures checkpoint after checkpoint. The result of each is kept in a file of its own, and the report written anew from all
 * that are there; one that fails does not stop the others.
 * @throws {UsageError} where the folder has results of another task, or none of the checkpoints is there.
 */
export async function runReproduction(job: ReproductionJob): Promise<ReproductionOutcome> {
  const { targets, share, folder, tasks, tolerance, signal } = job;
  const identities = Object.entries(tasks).map(([model, { identity }]) => [model, identity]);
  requireSameTasks((await readResults(folder)).values(), Object.fromEntries(identities), folder);
  const missing = new Set<string>();
  const report = async (): Promise<ReproductionOutcome> => {
    // Read again each time: other machines may be writing into the same folder.
    const results = await readResults(folder);
    const built = buildReport(targets, results, { tolerance, missing });
    await writeReport(folder, built);
    return { report: built, results };
  };
  let outcome: ReproductionOutcome | undefined;
  for (const [i, target] of share.entries()) {
    const found = await measureOne(target, `${i + 1}/${share.length}`, job);
    signal.throwIfAborted();
    if (!found) missing.add(target.name);
    outcome = await report();
  }
  if (share.length > 0 && missing.size === share.length) {
    throw new UsageError(
      `none of the ${share.length} checkpoints is there; --checkpoints says where they are, --fetch gets them`,
    );
  }
  if (missing.size > 0) {
    note(`${missing.size} of ${share.length} checkpoints are not there; report.json names them`);
  }
  return outcome ?? report();
}

/** @returns whether the checkpoint is there. */
async function measureOne(target: Target, place: string, job: ReproductionJob): Promise<boolean> {
  const { folder, resume, tasks, signal } = job;
  const { name, model } = target;
  let result: UnwrittenResult;
  try {
    const path = await job.find(target);
    if (path === undefined) return false;
    note(`${place} ${name}`);
    const { sha256 } = await checkpointDigest(path);
    if (resume && isMeasured((await readResults(folder)).get(name), { target, sha256 }, tasks)) {
      note(`${name}: was measured before`);
      return true;
    }
    const measuring = { target, path, sha256, folder, resume, signal };
    result = { name, model, measurement: await measureCheckpoint(measuring, tasks) };
  } catch (error) {
    if (signal.aborted) throw error;
    // Which says nothing of the checkpoint: its result is being made.
    if (error instanceof OutputInUseError) {
      note(error.message);
      return true;
    }
    complain(`${name}: ${(error as Error).message}`);
    result = { name, model, failure: failureOf(error) };
  }
  await writeResult(folder, result);
  return true;
}

function failureOf(error: unknown): Failure {
  const { name, message } = error as Error;
  return { kind: name, message, exitCode: error instanceof TsosError ? error.exitCode : 1 };
}
