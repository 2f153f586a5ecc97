import { differingNames } from '../base/differing-names.ts';
import { UsageError } from '../base/errors.ts';
import { writeFileAtomic } from '../io/files/atomic-file.ts';
import { diskTree } from '../io/files/disk-tree.ts';
import { namesIn } from '../io/files/folders.ts';
import { makeFolder } from '../io/files/make-folder.ts';
import { fileNameOf, folderOf, pathIn } from '../io/files/paths.ts';
import { readText } from '../io/files/read-file.ts';
import { STUDY_FILE } from '../results/load-results.ts';
import { findRun } from '../train/run/run-folder.ts';
import type { TrainingSettings } from '../train/run/settings.ts';
import { readRunResult } from './run-result.ts';
import { readStudy, type Study } from './study-file.ts';
import { type StudyRun, type StudyRuns, studyRuns } from './study-runs.ts';

/** What a study asks for in a folder. */
export interface StudyPlan extends StudyRuns {
  readonly study: Study;
  /** The start, where there is one, and the others. */
  readonly all: readonly StudyRun[];
}

/**
 * Reads a study and finds out whether what was done in a folder is of the same one; it may have got more runs since, or lost some.
 * @param file of the study
 * @throws {DataError} for a study that cannot be.
 * @throws {UsageError} where a run was done with other settings, or measured with other data.
 */
export async function planStudy(file: string, folder: string): Promise<StudyPlan> {
  const study = await readStudy(file);
  const runs = studyRuns(study, file, (name) => runFolder(folder, name));
  const start = runs.start && (await asBegun(runs.start, file, folder));
  const others: StudyRun[] = [];
  for (const run of runs.others) others.push(await asBegun(run, file, folder));
  await requireSameTest(study, file, folder);
  return { study, start, others, all: start === undefined ? others : [start, ...others] };
}

/** Makes the folder of a study, and keeps what the study says now. */
export async function openStudyFolder(file: string, folder: string): Promise<void> {
  for (const part of [RUNS, RESULTS]) await makeFolder(pathIn(folder, part));
  const kept = pathIn(folder, STUDY_FILE);
  const text = await readText(file);
  const isKept = (await diskTree.kind(kept)) === 'file' && (await readText(kept)) === text;
  if (!isKept) await writeFileAtomic(kept, text);
}

/** Where a run is trained. */
export function runFolder(folder: string, name: string): string {
  return pathIn(folder, RUNS, name);
}

/** Where its result is, once it is measured. */
export function resultFile(folder: string, name: string): string {
  return pathIn(folder, RESULTS, `${name}.json`);
}

const RUNS = 'runs';
const RESULTS = 'results';

/** What decides when a run is looked at and kept, and nothing of what is trained. */
const WATCHING: ReadonlySet<string> = new Set<keyof TrainingSettings>([
  'evalEvery',
  'checkpointEvery',
  'keep',
  'logEvery',
]);

/**
 * A run with the settings that it was begun with, where it was, by which the same is trained as by those it has now.
 * @throws {UsageError} where they are not.
 */
async function asBegun(run: StudyRun, file: string, folder: string): Promise<StudyRun> {
  const { name, settings } = run;
  const result = resultFile(folder, name);
  const begun =
    (await diskTree.kind(result)) === 'file'
      ? await readRunResult(result)
      : await findRun(runFolder(folder, name));
  if (begun === undefined) return run;
  const changes = changesOf(begun.settings, settings);
  if (changes.length === 0) return { name, settings: begun.settings };
  throw new UsageError(
    `${folder}: run ${name} was done with other settings than ${file} has now: ${changes.join(', ')}; ` +
      'set them back, give the run another name, or name another folder',
  );
}

/** What was, and what is now, of each setting that differs. */
function changesOf(done: TrainingSettings, now: TrainingSettings): string[] {
  const [before, after]: Readonly<Record<string, unknown>>[] = [{ ...done }, { ...now }];
  return differingNames(before, after, isSame)
    .filter((name) => !WATCHING.has(name))
    .filter((name) => name !== 'warmStartFrom' || !isSameStart(before[name], after[name]))
    .map((name) => `${name} was ${inWords(before[name])}, is ${inWords(after[name])}`);
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The folder of the study may be called by another path than it was. */
function isSameStart(a: unknown, b: unknown): boolean {
  const [one, other] = [a, b].map((path) => {
    const isRun = typeof path === 'string' && fileNameOf(folderOf(path)) === RUNS;
    return isRun ? fileNameOf(path) : undefined;
  });
  return one !== undefined && one === other;
}

function inWords(value: unknown): string {
  return value === undefined ? 'not given' : JSON.stringify(value);
}

/** @throws {UsageError} where the results there are were measured with something else. */
async function requireSameTest({ test }: Study, file: string, folder: string): Promise<void> {
  const kept = pathIn(folder, STUDY_FILE);
  const hasResults = (await namesIn(pathIn(folder, RESULTS))).some((name) => name.endsWith('.json'));
  if (!hasResults || (await diskTree.kind(kept)) !== 'file') return;
  const before = (await readStudy(kept)).test;
  if (isSame(before, test)) return;
  throw new UsageError(
    `${folder}: its results were measured with ${inWords(before)}, ${file} says ${inWords(test)} now; set that back, or name another folder`,
  );
}
