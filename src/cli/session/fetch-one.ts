import type { PublishedCheckpoint } from '../../results/catalogue.ts';
import { type FetchedCheckpoint, fetchCheckpoint } from '../../results/fetch-checkpoint.ts';
import { note } from '../terminal/print.ts';
import { showProgress } from '../terminal/progress.ts';

export interface FetchJob {
  readonly cache: string;
  readonly from: string;
  readonly attempts: number;
  readonly signal: AbortSignal;
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
