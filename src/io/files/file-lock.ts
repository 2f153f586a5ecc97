import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fields, type Shape, text } from '../../base/json-shape.ts';
import { isSelf, OWNER_FIELDS, type Owner, stateOf, thisOwner } from './owner.ts';
import { parseJson } from './read-json.ts';
import { temporaryPath } from './temporary.ts';
import { explainWriteFailure } from './write-failure.ts';

/** Who holds a lock. */
export interface LockOwner extends Owner {
  /** Tells one lock from the next. */
  readonly token: string;
}

const LOCK_OWNER = fields({ ...OWNER_FIELDS, token: text() }) satisfies Shape<LockOwner>;

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once, where the lock is held by somebody else and is waited for. */
  readonly onWait?: ((owner: LockOwner) => void) | undefined;
  /** Called where its owner is seen to be at work; what it throws ends the waiting. */
  readonly onAlive?: ((owner: LockOwner) => void) | undefined;
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
  #isReleased = false;

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
    const mine: LockOwner = { ...(await thisOwner()), token: randomUUID() };
    // Before it is made, since others of this process may see it at once.
    ownTokens.add(mine.token);
    try {
      while (!(await create(path, mine))) {
        const owner = await readOwner(path);
        if (owner === undefined) continue;
        if ((await lockState(owner)) !== 'dead') {
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
    const { signal, onWait, onAlive, staleMs = STALE_MS, pollMs = 250 } = options;
    let told = false;
    let last = { token: '', modified: 0, since: 0 };
    for (;;) {
      signal?.throwIfAborted();
      const got = await FileLock.tryAcquire(path);
      if (got instanceof FileLock) return got;
      if ((await lockState(got)) === 'living') onAlive?.(got);
      if (!told) onWait?.(got);
      told = true;
      // By our clock: that of the other host may be wrong.
      const modified = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
      if (got.token !== last.token || modified !== last.modified) {
        if (got.token === last.token) onAlive?.(got);
        last = { token: got.token, modified, since: performance.now() };
      } else if (performance.now() - last.since > staleMs) await removeOf(path, got.token);
      await sleep(pollMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
    }
  }

  /** Whether it is still there: an owner that was stopped for long may have been taken for dead. */
  async isHeld(): Promise<boolean> {
    return (await readOwner(this.#path))?.token === this.#token;
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#isReleased) return;
    this.#isReleased = true;
    // Its owner counts as living as long as it is there, lest others of this process take it away at the same time, and with it
    // what comes after it.
    await removeOf(this.#path, this.#token);
    ownTokens.delete(this.#token);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/** Who holds a lock, where it is known to be at work. */
export async function livingOwner(path: string): Promise<LockOwner | undefined> {
  const owner = await readOwner(path);
  return owner !== undefined && (await lockState(owner)) === 'living' ? owner : undefined;
}

/** Makes the lock, with all that it says, in one step. @returns whether there was none. */
async function create(path: string, owner: LockOwner): Promise<boolean> {
  const whole = await temporaryPath(dirname(path));
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

/** Undefined where the lock is gone. One that does not say whose it is counts as one of another host. */
async function readOwner(path: string): Promise<LockOwner | undefined> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw explainWriteFailure(path, error);
  });
  if (bytes === undefined) return undefined;
  try {
    return parseJson(bytes, path, LOCK_OWNER, 'lock');
  } catch {
    return { host: '', space: '', pid: 0, started: '', token: new TextDecoder().decode(bytes) };
  }
}

/** A number of this process may be that of an earlier one, as in a container that is started again. */
async function lockState(owner: LockOwner): Promise<'living' | 'dead' | 'elsewhere'> {
  if (await isSelf(owner)) return ownTokens.has(owner.token) ? 'living' : 'dead';
  return stateOf(owner);
}

/** Removes a lock if it is still the one of a token; another one that came meanwhile is put back. */
async function removeOf(path: string, token: string): Promise<void> {
  // Another one may have removed it, and a third have come, since it was looked at.
  if ((await readOwner(path))?.token !== token) return;
  const aside = await temporaryPath(dirname(path));
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const owner = await readOwner(aside);
  if (owner !== undefined && owner.token !== token) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}
