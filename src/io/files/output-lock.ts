import { UsageError } from '../../base/errors.ts';
import { FileLock, type LockOwner, livingOwner } from './file-lock.ts';
import type { OutputPlace } from './output-place.ts';

/** Another process is writing this output. */
export class OutputInUseError extends UsageError {
  override readonly name = 'OutputInUseError';
}

/** Shows whether the right to write an output is still there. */
export interface OutputLock {
  /**
   * To be asked before the output gets its name.
   * @throws {OutputInUseError} where another process took it over, as it may where this one was stopped for long.
   */
  assertHeld(): Promise<void>;
}

/**
 * Does work as the only process that writes an output, which a file `<output>.lock` shows; what a dead process left of that is
 * taken over.
 * @throws {OutputInUseError} where another process is at work on it.
 */
export async function withOutputLock<T>(
  path: string,
  place: OutputPlace,
  work: (lock: OutputLock) => Promise<T>,
): Promise<T> {
  if (place.kind === 'stream') return work({ assertHeld: async () => {} });
  await using lock = await FileLock.acquire(lockPath(place.target), {
    onAlive: (owner) => {
      throw inUse(path, owner);
    },
  });
  return await work({
    async assertHeld() {
      if (await lock.isHeld()) return;
      throw new OutputInUseError(`${path}: another process has taken it over; run this again`);
    },
  });
}

/** @throws {OutputInUseError} where another process is known to be writing an output. */
export async function refuseInUse(path: string, target: string): Promise<void> {
  const owner = await livingOwner(lockPath(target));
  if (owner !== undefined) throw inUse(path, owner);
}

export function lockPath(target: string): string {
  return `${target}.lock`;
}

function inUse(path: string, { pid, host }: LockOwner): OutputInUseError {
  return new OutputInUseError(
    `${path}: process ${pid} on ${host} is writing it; wait for that, or name another output`,
  );
}
