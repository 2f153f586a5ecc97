import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { explainWriteFailure } from './atomic-file.ts';

/** Who holds a lock. */
export interface LockOwner {
  readonly process: number;
  readonly host: string;
  /** Tells one lock from the next. */
  readonly token: string;
}

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once, where the lock is held by somebody else and is waited for. */
  readonly onWait?: ((owner: LockOwner) => void) | undefined;
  /** How long an owner that cannot be looked at, being on another host, may give no sign of life. Default 60 s. */
  readonly staleMs?: number;
  /** How often to look. Default 0.25 s. */
  readonly pollMs?: number;
}

const STALE_MS = 60_000;
/** How often an owner gives a sign of life. */
const SIGN_OF_LIFE_MS = 5_000;

/** Locks of this process: its number alone may be that of an earlier one, as in a container that is started again. */
const ownTokens = new Set<string>();

/**
 * A file that says that somebody is at work on another one: made by whoever begins, removed when done. One whose process has
 * died is taken over at once where that process was on this host, else after it has been left alone for a while.
 */
export class FileLock implements AsyncDisposable {
  readonly #path: string;
  readonly #token: string;
  readonly #timer: ReturnType<typeof setInterval>;

  private constructor(path: string, token: string) {
    this.#path = path;
    this.#token = token;
    this.#timer = setInterval(() => {
      const now = new Date();
      utimes(path, now, now).catch(() => {});
    }, SIGN_OF_LIFE_MS);
    this.#timer.unref();
  }

  /**
   * @param path of the lock itself; its directory must be there
   * @returns the lock, or who holds it.
   */
  static async tryAcquire(path: string): Promise<FileLock | LockOwner> {
    const mine: LockOwner = { process: process.pid, host: hostname(), token: randomUUID() };
    // Before it is made, since others of this process may see it at once.
    ownTokens.add(mine.token);
    try {
      while (!(await create(path, mine))) {
        const owner = await readOwner(path);
        if (owner === undefined) continue;
        if (!isDead(owner)) {
          ownTokens.delete(mine.token);
          return owner;
        }
        await removeOf(path, owner.token);
      }
    } catch (error) {
      ownTokens.delete(mine.token);
      throw error;
    }
    return new FileLock(path, mine.token);
  }

  /** Waits until nobody else has it. @throws the reason of the signal, where it aborts meanwhile. */
  static async acquire(path: string, options: LockOptions = {}): Promise<FileLock> {
    const { signal, onWait, staleMs = STALE_MS, pollMs = 250 } = options;
    let told = false;
    let last = { token: '', modified: 0, since: 0 };
    for (;;) {
      signal?.throwIfAborted();
      const got = await FileLock.tryAcquire(path);
      if (got instanceof FileLock) return got;
      if (!told) onWait?.(got);
      told = true;
      // By our clock: that of the other host may be wrong.
      const modified = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
      if (got.token !== last.token || modified !== last.modified) {
        last = { token: got.token, modified, since: performance.now() };
      } else if (performance.now() - last.since > staleMs) await removeOf(path, got.token);
      await sleep(pollMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
    }
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    if (ownTokens.delete(this.#token)) await removeOf(this.#path, this.#token);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/** Makes the lock, with all that it says, in one step. @returns whether there was none. */
async function create(path: string, owner: LockOwner): Promise<boolean> {
  const whole = beside(path);
  try {
    await writeFile(whole, JSON.stringify(owner), { flag: 'wx' });
    await link(whole, path).catch((error: NodeJS.ErrnoException) => {
      // Some file systems have no links. There a lock may be seen before it says whose it is.
      if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(error.code ?? '')) throw error;
      return writeFile(path, JSON.stringify(owner), { flag: 'wx' });
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw explainWriteFailure(path, error as NodeJS.ErrnoException);
  } finally {
    await rm(whole, { force: true });
  }
}

/** A new name in the same directory, of the kind that is cleared away after a crash. */
function beside(path: string): string {
  return join(dirname(path), `.tsos-${randomUUID()}.tmp`);
}

/** Undefined where the lock is gone. One that does not say whose it is counts as one of another host. */
async function readOwner(path: string): Promise<LockOwner | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw explainWriteFailure(path, error);
  });
  if (text === undefined) return undefined;
  try {
    const { process, host, token } = JSON.parse(text);
    return { process: Number(process), host: String(host), token: String(token) };
  } catch {
    return { process: 0, host: '', token: text };
  }
}

function isDead({ process: id, host, token }: LockOwner): boolean {
  if (host !== hostname()) return false;
  if (id === process.pid) return !ownTokens.has(token);
  try {
    process.kill(id, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Removes a lock if it is still the one of a token; another one that came meanwhile is put back. */
async function removeOf(path: string, token: string): Promise<void> {
  const aside = beside(path);
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const owner = await readOwner(aside);
  if (owner !== undefined && owner.token !== token) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}
