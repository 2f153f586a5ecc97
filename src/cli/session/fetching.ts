import type { FetchOptions } from '../../results/fetch-checkpoint.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { note } from '../terminal/print.ts';
import { showProgress } from '../terminal/progress.ts';

/** What the command line says of fetching. */
export interface FetchSettings
  extends Pick<FetchOptions, 'cache' | 'from' | 'offline' | 'verify' | 'attempts' | 'pins'> {
  /** Where it is part of a work that can be interrupted already. */
  readonly signal?: AbortSignal | undefined;
}

/** Fetches something, showing how far it is. @param label what it is called. */
export async function fetching<T>(
  label: string,
  settings: FetchSettings,
  fetch: (options: FetchOptions) => Promise<T>,
): Promise<T> {
  if (settings.signal === undefined) {
    return await interruptible((signal, advise) => {
      advise('what has come is kept; run the same again to go on');
      return fetching(label, { ...settings, signal }, fetch);
    });
  }
  using progress = showProgress(label);
  using verified = showProgress(`${label} verified`);
  let started = performance.now();
  let before: number | undefined;
  return await fetch({
    ...settings,
    offline: isOffline(settings.offline),
    onFetch(url) {
      started = performance.now();
      note(`${label}: not in the cache, fetching ${url}`);
    },
    onProgress(done, total = done) {
      before ??= done;
      const speed = (done - before) / 1e3 / Math.max(1, performance.now() - started);
      progress.update(megabytes(done, total), megabytes(total, total), `MB, ${speed.toFixed(1)} MB/s`);
    },
    onVerify: (done, total) => verified.update(done, total, 'variables'),
    onRetry: (reason, waitMs) => note(`${label}: ${reason}; trying again in ${waitMs / 1000} s`),
    onWait: () => note(`${label}: another process is fetching it; waiting for that`),
  });
}

/** Whether the option says so, or the environment. */
export function isOffline(option: boolean | undefined): boolean {
  return option === true || !['', '0', undefined].includes(process.env.TSOS_OFFLINE);
}

/** Only what is whole counts as whole, however little is missing. */
function megabytes(done: number, total: number): number {
  return done === total ? Math.ceil(total / 1e6) : Math.floor(done / 1e6);
}
