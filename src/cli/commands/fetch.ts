import { type ArgsDef, defineCommand, type ParsedArgs } from 'citty';
import { TsosError } from '../../base/errors.ts';
import { cacheDirectory } from '../../io/files/cache-directory.ts';
import {
  PUBLISHED_AT,
  type PublishedCheckpoint,
  publishedCheckpoint,
  selectCheckpoints,
} from '../../results/catalogue.ts';
import { type FetchedCheckpoint, fetchCheckpoint } from '../../results/fetch-checkpoint.ts';
import { ANY_NUMBER, ArgumentError, wholeOption } from '../arguments.ts';
import { CATALOGUE_ARGUMENTS, checkpointFilter } from '../catalogue-arguments.ts';
import { complain, note, print } from '../report/print.ts';
import { interruptible } from '../session/interrupt.ts';
import { showProgress } from '../session/progress.ts';

const ARGUMENTS = {
  names: {
    type: 'positional',
    required: false,
    valueHint: ANY_NUMBER,
    description: 'Names of published checkpoints, as "tsos list" has them',
  },
  all: { type: 'boolean', description: 'All 49, instead of named ones' },
  ...CATALOGUE_ARGUMENTS,
  cache: {
    type: 'string',
    valueHint: 'folder',
    description: 'Where to keep them; by default TSOS_CACHE, else a folder for caches of this system',
  },
  from: {
    type: 'string',
    valueHint: 'url',
    default: PUBLISHED_AT,
    description: 'Where to get them, such as a mirror',
  },
  attempts: {
    type: 'string',
    valueHint: 'n',
    default: '6',
    description: 'How often to try without getting any further',
  },
  json: { type: 'boolean', description: 'Print one JSON object' },
} as const satisfies ArgsDef;

export const fetchCommand = defineCommand({
  meta: {
    name: 'fetch',
    description: 'Download published checkpoints; what was interrupted is gone on with',
  },
  args: ARGUMENTS,
  async run({ args }) {
    const checkpoints = chosen(args);
    const attempts = wholeOption('attempts', args.attempts, 1)!;
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
    return failed[0]?.error.exitCode ?? 0;
  },
});

function chosen(args: ParsedArgs<typeof ARGUMENTS>): PublishedCheckpoint[] {
  const filter = checkpointFilter(args);
  const isFiltered = Object.values(filter).some((wanted) => wanted !== undefined);
  if (args._.length > 0) {
    if (args.all || isFiltered) throw new ArgumentError('names exclude --all and the options that choose');
    return args._.map(publishedCheckpoint);
  }
  if (!args.all && !isFiltered) {
    throw new ArgumentError(
      'name a checkpoint ("tsos list" has their names), choose some by --model and the like, or say --all',
    );
  }
  const checkpoints = selectCheckpoints(filter);
  if (checkpoints.length === 0)
    throw new ArgumentError('no published checkpoint is like that; "tsos list" has all');
  return checkpoints;
}

interface FetchJob {
  readonly cache: string;
  readonly from: string;
  readonly attempts: number;
  readonly signal: AbortSignal;
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

/** Downloads one checkpoint, showing how far it is. */
export async function fetchOne(checkpoint: PublishedCheckpoint, job: FetchJob): Promise<FetchedCheckpoint> {
  const { name } = checkpoint;
  using progress = showProgress(name);
  const started = performance.now();
  let before: number | undefined;
  const fetched = await fetchCheckpoint(checkpoint, {
    ...job,
    onProgress(done, total = done) {
      before ??= done;
      const speed = (done - before) / 1e3 / Math.max(1, performance.now() - started);
      progress.update(megabytes(done, total), megabytes(total, total), `MB, ${speed.toFixed(1)} MB/s`);
    },
    onRetry: (reason, waitMs) => note(`${name}: ${reason}; trying again in ${waitMs / 1000} s`),
  });
  note(`${name}: ${describe(fetched)}`);
  return fetched;
}

/** Only what is whole counts as whole, however little is missing. */
function megabytes(done: number, total: number): number {
  return done === total ? Math.ceil(total / 1e6) : Math.floor(done / 1e6);
}

function describe({ status, bytes, resumed, variables }: FetchedCheckpoint): string {
  const size = `${bytes} bytes, ${variables} variables`;
  if (status === 'present') return `is there already (${size})`;
  return resumed > 0 ? `complete (${size}; ${resumed} bytes were there)` : `complete (${size})`;
}
