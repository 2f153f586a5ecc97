import { Command } from '@commander-js/extra-typings';
import { TsosError } from '../../base/errors.ts';
import { cacheDirectory } from '../../io/files/cache-directory.ts';
import {
  PUBLISHED_AT,
  type PublishedCheckpoint,
  publishedCheckpoint,
  selectCheckpoints,
} from '../../results/catalogue.ts';
import type { FetchedCheckpoint } from '../../results/fetch-checkpoint.ts';
import { ArgumentError } from '../arguments/argument-error.ts';
import { PUBLISHED_MODEL, PUBLISHED_SPARSITY, PUBLISHED_TECHNIQUE } from '../arguments/catalogue-options.ts';
import { wholeNumber } from '../arguments/values.ts';
import { type FetchJob, fetchOne } from '../session/fetch-one.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { complain, print } from '../terminal/print.ts';

export const fetchCommand = new Command('fetch')
  .argument('[names...]', 'Names of published checkpoints, as "tsos list" has them')
  .option('--all', 'All 49, instead of named ones')
  .addOption(PUBLISHED_MODEL)
  .addOption(PUBLISHED_TECHNIQUE)
  .addOption(PUBLISHED_SPARSITY)
  .option(
    '--cache <folder>',
    'Where to keep them; by default TSOS_CACHE, else a folder for caches of this system',
  )
  .option('--from <url>', 'Where to get them, such as a mirror', PUBLISHED_AT)
  .option('--attempts <n>', 'How often to try without getting any further', wholeNumber(1), 6)
  .option('--json', 'Print one JSON object');

type Options = ReturnType<typeof fetchCommand.opts>;

fetchCommand.action(async (names, args) => {
  const checkpoints = chosen(names, args);
  const { attempts } = args;
  const cache = args.cache ?? cacheDirectory();
  const { fetched, failed } = await interruptible(async (signal, advise) => {
    advise('what has come is kept; run the same again to go on');
    return fetchAll(checkpoints, { cache, from: args.from, attempts, signal });
  });
  const failures = failed.map(({ checkpoint, error }) => ({
    name: checkpoint.name,
    reason: error.message,
  }));
  await print(
    args.json
      ? `${JSON.stringify({ cache, from: args.from, checkpoints: fetched, failures })}\n`
      : fetched.map(({ path }) => `${path}\n`).join(''),
  );
  if (failed.length > 0) process.exitCode = failed[0].error.exitCode;
});

function chosen(
  names: readonly string[],
  { all, model, technique, sparsity }: Options,
): PublishedCheckpoint[] {
  const filter = { model, technique, sparsity };
  const isFiltered = Object.values(filter).some((wanted) => wanted !== undefined);
  if (names.length > 0) {
    if (all || isFiltered) throw new ArgumentError('names exclude --all and the options that choose');
    return names.map(publishedCheckpoint);
  }
  if (!all && !isFiltered) {
    throw new ArgumentError(
      'name a checkpoint ("tsos list" has their names), choose some by --model and the like, or say --all',
    );
  }
  const checkpoints = selectCheckpoints(filter);
  if (checkpoints.length === 0)
    throw new ArgumentError('no published checkpoint is like that; "tsos list" has all');
  return checkpoints;
}

/** Fetches one after the other; one that fails does not keep the next from being tried. */
async function fetchAll(checkpoints: readonly PublishedCheckpoint[], job: FetchJob) {
  const fetched: FetchedCheckpoint[] = [];
  const failed: { checkpoint: PublishedCheckpoint; error: TsosError }[] = [];
  for (const checkpoint of checkpoints) {
    try {
      fetched.push(await fetchOne(checkpoint, job));
    } catch (error) {
      if (job.signal.aborted || !(error instanceof TsosError)) throw error;
      complain(error.message);
      failed.push({ checkpoint, error });
    }
  }
  return { fetched, failed };
}
