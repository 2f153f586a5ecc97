import { join } from 'node:path';
import type { TuningOptions } from '../graph/device.ts';
import { type RecordFolder, recordFolder } from '../io/record-folder.ts';
import { cacheDirectory } from '../results/cache-directory.ts';
import { ArgumentError } from './arguments.ts';

/** Where commands keep what they measured of adapters. */
export function tuningFolder(): RecordFolder {
  return recordFolder(join(cacheDirectory(), 'tuning'));
}

/**
 * How commands that run models choose kernels: by what is kept, and by measuring for as many seconds as `TSOS_TUNE_SECONDS`
 * says.
 * @throws {ArgumentError} where that is no number of seconds.
 */
export function tuningOptions(): TuningOptions {
  const seconds = process.env.TSOS_TUNE_SECONDS;
  const budget = seconds ? Number(seconds) : undefined;
  if (budget !== undefined && !(budget >= 0)) {
    throw new ArgumentError(
      `TSOS_TUNE_SECONDS is "${seconds}"; it must be a number of seconds, 0 to measure nothing`,
    );
  }
  return { store: tuningFolder(), budget };
}
