import { UsageError } from '../base/errors.ts';
import { wait } from '../base/wait.ts';
import type { Gpu } from '../graph/device/gpu.ts';
import { writeFileAtomic } from '../io/files/atomic-file.ts';
import { diskTree } from '../io/files/disk-tree.ts';
import { FileLock } from '../io/files/file-lock.ts';
import { makeFolder } from '../io/files/make-folder.ts';
import { OutputInUseError, withOutputLock } from '../io/files/output-lock.ts';
import { folderOf, pathIn } from '../io/files/paths.ts';
import type { TrainingProgress } from '../train/run/train-in-folder.ts';
import { resultTables } from './result-tables.ts';
import { formatRunResult, type RunResult, readRunResult } from './run-result.ts';
import type { Study } from './study-file.ts';
import { openStudyFolder, planStudy, resultFile, runFolder } from './study-folder.ts';
import type { StudyRun } from './study-runs.ts';
import { SUMMARY_FILE, summaryTable } from './summary-table.ts';
import { evaluatorOf, trainRun } from './train-run.ts';

/** How a sweep goes, and whom to tell. */
export interface SweepOptions {
  /** Which part of the runs this process does: those with `position % count === index`. Default all. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  /** Ends the sweep behind the step that is being done, with a checkpoint. */
  readonly signal?: AbortSignal | undefined;
  /** Told of the run that is next, and of how many there are for this process. */
  readonly onRun?: ((run: StudyRun, position: number, count: number) => void) | undefined;
  /** Told of every step of it. */
  readonly onStep?: ((progress: TrainingProgress) => void) | undefined;
  /** Told once it is measured. */
  readonly onResult?: ((result: RunResult) => void) | undefined;
}

/** What a sweep came to. */
export interface Sweep {
  /** Of the runs of this process that are done, by whomever, in the order of the study. */
  readonly results: readonly RunResult[];
  /** Tables with all results there are, by their paths below the folder. */
  readonly tables: readonly string[];
}

/** How often to look whether a run that another process is at is done, in milliseconds. */
const LOOK_AGAIN = 2000;

/**
 * Trains all runs of a study in a folder and measures them; what was done before, or is being done by another process, is left
 * to it. What was interrupted, however, goes on.
 * @param file of the study
 * @throws {DataError} for a study that cannot be, or data to measure with that cannot be read, before anything is trained.
 * @throws {UsageError} where a run was done there with other settings than the study has now, before anything is trained.
 * @throws the reason of the signal, behind a checkpoint of the run that is at work.
 */
export async function sweep(
  gpu: Gpu,
  file: string,
  folder: string,
  options: SweepOptions = {},
): Promise<Sweep> {
  const { study, start, others, all } = await planStudy(file, folder);
  // Not found wrong only once a run is trained.
  if (all[0] !== undefined) await evaluatorOf(all[0].settings, study.test);
  await openStudyFolder(file, folder);
  const { shard: { index, count } = { index: 0, count: 1 } } = options;
  const mine = others.filter((_, position) => position % count === index);
  const worker = new Worker(gpu, study, folder, options);
  if (start !== undefined) {
    await worker.finish([start]);
    const { diverged } = await readRunResult(resultFile(folder, start.name));
    if (diverged !== undefined) {
      throw new UsageError(`${file}: run ${start.name}, which the others begin with: ${diverged}`);
    }
  }
  await worker.finish(mine);
  const { results, tables } = await writeTables(folder, all);
  const own = new Set([...(start ? [start] : []), ...mine].map(({ name }) => name));
  return { results: results.filter(({ name }) => own.has(name)), tables };
}

/** Does runs, one after the other. */
class Worker {
  readonly #gpu: Gpu;
  readonly #study: Study;
  readonly #folder: string;
  readonly #options: SweepOptions;

  constructor(gpu: Gpu, study: Study, folder: string, options: SweepOptions) {
    this.#gpu = gpu;
    this.#study = study;
    this.#folder = folder;
    this.#options = options;
  }

  /** Returns when all of them have results; those that others are at come last. */
  async finish(runs: readonly StudyRun[]): Promise<void> {
    let left = runs;
    while (left.length > 0) {
      const elsewhere: StudyRun[] = [];
      for (const run of left) {
        if (!(await this.#isFinished(run, runs))) elsewhere.push(run);
      }
      left = elsewhere;
      if (left.length > 0) await wait(LOOK_AGAIN, this.#options.signal);
    }
  }

  /** Does a run, unless that was done. @returns false where another process is at it */
  async #isFinished(run: StudyRun, runs: readonly StudyRun[]): Promise<boolean> {
    const file = resultFile(this.#folder, run.name);
    const isDone = async () => (await diskTree.kind(file)) === 'file';
    if (await isDone()) return true;
    const { test } = this.#study;
    const { signal, onRun, onStep, onResult } = this.#options;
    try {
      await withOutputLock(file, { kind: 'file', target: file }, async () => {
        if (await isDone()) return;
        onRun?.(run, runs.indexOf(run), runs.length);
        const folder = runFolder(this.#folder, run.name);
        const result = await trainRun(this.#gpu, run, { test, folder, signal, onStep });
        await writeFileAtomic(file, formatRunResult(result));
        onResult?.(result);
      });
      return true;
    } catch (error) {
      if (error instanceof OutputInUseError) return false;
      throw error;
    }
  }
}

/** Writes the tables of all results there are. */
async function writeTables(folder: string, runs: readonly StudyRun[]): Promise<Sweep> {
  // Results that appear while others are being read would be lost again to whoever writes last.
  await using _lock = await FileLock.acquire(pathIn(folder, 'tables.lock'));
  const results: RunResult[] = [];
  for (const { name } of runs) {
    const file = resultFile(folder, name);
    if ((await diskTree.kind(file)) === 'file') results.push(await readRunResult(file));
  }
  const tables = [{ path: SUMMARY_FILE, text: summaryTable(results) }, ...resultTables(results)];
  for (const { path, text } of tables) {
    const to = pathIn(folder, path);
    await makeFolder(folderOf(to));
    await writeFileAtomic(to, text);
  }
  return { results, tables: tables.map(({ path }) => path) };
}
