import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createOutputFile } from './atomic-file.ts';
import { finishedPath } from './finished-run.ts';
import { lockPath, refuseInUse } from './output-lock.ts';
import { type OutputPlace, outputPlace, refuseInputs } from './output-place.ts';
import { refuseExisting } from './refuse-existing.ts';
import { explained } from './write-failure.ts';

/** What a run knows of an output before it begins. */
export interface OutputOptions {
  /** Files and folders that the run reads. */
  readonly inputs: readonly (string | undefined)[];
  /** Whether a file that is there may be replaced. Default true. */
  readonly replace?: boolean | undefined;
}

/**
 * Finds out before any work begins whether its result can be written at the end: not over something the run reads, not where
 * another process is writing, and at all.
 * @returns where the output really goes.
 * @throws {UsageError} where it cannot.
 */
export async function requireOutput(path: string, options: OutputOptions): Promise<OutputPlace> {
  const { inputs, replace = true } = options;
  const place = await outputPlace(path);
  if (place.kind === 'stream') {
    await refuseInputs(path, [place.target], inputs);
    if (place.descriptor === undefined) await explained(path, access(place.target, constants.W_OK));
    return place;
  }
  const beside = [resolve(journalPath(path)), resolve(finishedPath(path)), lockPath(place.target)];
  await refuseInputs(path, [place.target, ...beside], inputs);
  if (!replace) await refuseExisting(path);
  await refuseInUse(path, place.target);
  await (await createOutputFile(path, place)).abort();
  return place;
}

/** Where the batches of an unfinished output are kept. */
export function journalPath(path: string): string {
  return `${path}.partial`;
}
