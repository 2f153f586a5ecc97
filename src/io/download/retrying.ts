import { TsosError } from '../../base/errors.ts';
import { wait } from '../../base/wait.ts';
import type { PartFile } from '../files/part-file.ts';
import { TransientError } from './http-answer.ts';

/** How often something is tried, and how long. */
export interface RetryOptions {
  /** Stops it; what has come is kept. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each wait. */
  readonly onRetry?: ((reason: string, waitMs: number) => void) | undefined;
  /** How often to try without getting any further. Default 6. */
  readonly attempts?: number | undefined;
  /** The first wait, which doubles up to 30 s. Default 1 s. */
  readonly backoffMs?: number | undefined;
}

const MAX_WAIT_MS = 30_000;

/**
 * Does work on a part of a file until it succeeds.
 * @throws {TsosError} where it fails too often without getting any further; at once what is no {@link TransientError}.
 */
export async function retrying<T>(
  part: PartFile,
  url: string,
  { signal, onRetry, attempts = 6, backoffMs = 1000 }: RetryOptions,
  work: () => Promise<T>,
): Promise<T> {
  let furthest = part.length;
  for (let failures = 0; ; ) {
    try {
      signal?.throwIfAborted();
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      if (part.length > furthest) failures = 0;
      furthest = Math.max(furthest, part.length);
      if (error.mustRestart) await part.restart();
      if (++failures >= attempts) {
        throw new TsosError(
          `${url}: ${error.message}, ${attempts} times in a row; try again later` +
            (part.length > 0 ? `, ${part.length} bytes are kept` : ''),
          { cause: error },
        );
      }
      const pause = Math.min(MAX_WAIT_MS, Math.max(error.retryAfter, backoffMs * 2 ** (failures - 1)));
      onRetry?.(error.message, pause);
      await wait(pause, signal);
    }
  }
}
