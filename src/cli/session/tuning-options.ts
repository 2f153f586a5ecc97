import { join } from 'node:path';
import { environmentVariable } from '../../graph/device/runtime.ts';
import type { TuningOptions } from '../../graph/open-gpu.ts';
import { cacheDirectory } from '../../io/files/cache-directory.ts';
import { type RecordFolder, recordFolder } from '../../io/files/record-folder.ts';
import { ArgumentError } from '../arguments/argument-error.ts';

/** The folder in which commands keep what they measured of adapters. */
export function tuningDirectory(): string {
  return join(cacheDirectory(), 'tuning');
}

/** Where commands keep what they measured of adapters. */
export function tuningFolder(): RecordFolder {
  return recordFolder(tuningDirectory());
}

/**
 * How commands that run models choose kernels: by what is kept, and by measuring for as many seconds as `TSOS_TUNE_SECONDS`
 * says.
 * @throws {ArgumentError} where that is no number of seconds.
 */
export function tuningOptions(): TuningOptions {
  const seconds = environmentVariable('TSOS_TUNE_SECONDS');
  const budget = seconds ? Number(seconds) : undefined;
  if (budget !== undefined && !(budget >= 0)) {
    throw new ArgumentError(
      `TSOS_TUNE_SECONDS is "${seconds}"; it must be a number of seconds, 0 to measure nothing`,
    );
  }
  return { store: tuningFolderIfAny(), budget };
}

/** Nothing where Deno may not ask for the home folder: models run without what was kept. */
function tuningFolderIfAny(): RecordFolder | undefined {
  try {
    return tuningFolder();
  } catch {
    return undefined;
  }
}
