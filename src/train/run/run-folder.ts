import { differingNames } from '../../base/differing-names.ts';
import { UsageError } from '../../base/errors.ts';
import { either, fields, oneOf, real, recordOf, type Shape, text } from '../../base/json-shape.ts';
import { writeFileAtomic } from '../../io/files/atomic-file.ts';
import { diskTree } from '../../io/files/disk-tree.ts';
import { namesIn } from '../../io/files/folders.ts';
import { makeFolder } from '../../io/files/make-folder.ts';
import { pathIn } from '../../io/files/paths.ts';
import { formatSealed, readSealed } from '../../io/files/sealed-json.ts';
import { formatHparams, HPARAMS_FILE } from '../../models/hparams.ts';
import type { DataIdentity } from './preparation.ts';
import { SETTING_SHAPES, type TrainingSettings } from './settings.ts';

const FORMAT = 'tsos training 1';

/** What `run.json` says: all that it takes to train the same again. */
export interface RunFile {
  readonly format: typeof FORMAT;
  readonly settings: TrainingSettings;
  readonly data: DataIdentity;
}

const SETTINGS = either(SETTING_SHAPES.transformer, SETTING_SHAPES.rn50);
const DATA = recordOf(either(text(), real()));
const RUN_FILE: Shape<RunFile> = fields({ format: oneOf(FORMAT), settings: SETTINGS, data: DATA });

/** @throws {DataError} where it cannot be read, is damaged or something else. */
export function readRunFile(file: string): Promise<RunFile> {
  return readSealed(file, RUN_FILE, '"run.json" of tsos train');
}

/** What an earlier run left in a folder; undefined where there is none. */
export async function findRun(folder: string): Promise<RunFile | undefined> {
  const file = runFile(folder);
  return (await diskTree.kind(file)) === 'file' ? readRunFile(file) : undefined;
}

/**
 * Finds out whether a training can have a folder.
 * @throws {UsageError} where it holds a run that is not to be gone on with, or something else.
 */
export async function requireRunFolder(folder: string, resume: boolean): Promise<void> {
  const kind = await diskTree.kind(folder);
  if (kind !== undefined && kind !== 'directory') {
    throw new UsageError(`${folder}: is a file; a folder for the run is to be made there`);
  }
  const names = (await namesIn(folder)).filter((name) => !LEFT_BEHIND.test(name));
  const hasRun = names.includes(RUN_FILE_NAME);
  if (hasRun && !resume) {
    throw new UsageError(`${folder}: holds a run already; --resume goes on with it, or name another folder`);
  }
  if (!hasRun && names.length > 0) {
    throw new UsageError(`${folder}: has ${names[0]} in it, which no run wrote; name another folder`);
  }
}

/** What a run that was killed before it wrote anything may have left. */
const LEFT_BEHIND = /^\.tsos-.*\.tmp$|\.lock$/;
const RUN_FILE_NAME = 'run.json';

/** What tells a run from others. */
type RunIdentity = Pick<RunFile, 'settings' | 'data'>;

/** Makes the folder of a training, or what of it was not made yet when an earlier process was killed. */
export async function makeRunFolder(folder: string, { settings, data }: RunIdentity): Promise<void> {
  // First what tells whose the folder is.
  if ((await findRun(folder)) === undefined) {
    await makeFolder(folder);
    await writeFileAtomic(runFile(folder), formatSealed({ format: FORMAT, settings, data }));
  }
  const hparams = pathIn(folder, HPARAMS_FILE);
  if ((await diskTree.kind(hparams)) !== undefined) return;
  const stated =
    settings.model === 'transformer' ? { heads: settings.numHeads } : { imageSize: settings.imageSize };
  await writeFileAtomic(hparams, formatHparams(stated)!);
}

/**
 * Finds out whether what an earlier run left in a folder, if anything, is of the same training.
 * @throws {UsageError} where it had other settings or data.
 */
export async function requireSameRun(folder: string, { settings, data }: RunIdentity): Promise<void> {
  const found = await findRun(folder);
  if (found === undefined) return;
  const different = differingNames({ ...found.settings }, { ...settings }, isSameJson);
  if (different.length > 0) {
    throw new UsageError(
      `${folder}: holds a run with other ${different.join(', ')}; leave these options away to go on with it, or name another folder`,
    );
  }
  const changed = differingNames(found.data, data);
  if (changed.length > 0) {
    throw new UsageError(
      `${folder}: its run was of other data (${changed.join(', ')}); give those back, or name another folder`,
    );
  }
}

function runFile(folder: string): string {
  return pathIn(folder, RUN_FILE_NAME);
}

function isSameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
