import { mkdir, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { withOutputLock } from './output-lock.ts';
import { linkTarget } from './output-place.ts';
import { refuseExisting } from './refuse-existing.ts';
import { temporaryPath } from './temporary.ts';
import { explained } from './write-failure.ts';

/** How a directory is written. */
export interface DirectoryOptions {
  /** Files that the run reads, of which none may be in a directory that is replaced. */
  readonly inputs?: readonly string[] | undefined;
  /** Which files a directory may hold that is to be replaced. Unless given, none is replaced. */
  readonly replaceable?: ((name: string) => boolean) | undefined;
}

/**
 * Makes a directory that appears with all its files or not at all: `fill` writes them under a temporary name
 * beside it. Where that fails, nothing is left behind.
 * @throws {UsageError} where something of that name exists that may not be replaced, or the directory around it does not
 *   exist.
 */
export async function writeDirectoryAtomic<T>(
  path: string,
  fill: (directory: string) => Promise<T>,
  options: DirectoryOptions = {},
): Promise<T> {
  const target = await requireDirectory(path, options);
  return withOutputLock(path, { kind: 'file', target }, async (lock) => {
    const temporary = await temporaryPath(dirname(target));
    try {
      await explained(path, mkdir(temporary));
      const result = await fill(temporary);
      await lock.assertHeld();
      // Again, since work takes time.
      await requireDirectory(path, options);
      await explained(path, swap(temporary, target));
      return result;
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
  });
}

/**
 * Finds out before any work begins whether a directory can be made, or replaced.
 * @returns its path, behind symbolic links.
 * @throws {UsageError} where it cannot.
 */
export async function requireDirectory(path: string, options: DirectoryOptions = {}): Promise<string> {
  const { inputs = [], replaceable } = options;
  if (replaceable === undefined) await refuseExisting(path);
  const target = await linkTarget(path);
  const found = await stat(target).catch(() => undefined);
  if (found === undefined) {
    const trial = await temporaryPath(dirname(target));
    await explained(path, mkdir(trial));
    await rm(trial, { recursive: true });
    return target;
  }
  if (!found.isDirectory()) throw new UsageError(`${path}: is a file, a directory is to be written there`);
  for (const input of inputs) {
    const inside = await realpath(input).catch(() => undefined);
    if (inside?.startsWith(`${target}${sep}`)) {
      throw new UsageError(`${path}: has an input of this run in it, ${input}; choose another name`);
    }
  }
  const foreign = (await readdir(target)).find((name) => !replaceable?.(name));
  if (foreign !== undefined) {
    throw new UsageError(`${path}: has ${foreign} in it, which no earlier run wrote; remove it yourself`);
  }
  return target;
}

/** Puts one directory in the place of another, which is gone for a moment only. */
async function swap(from: string, to: string): Promise<void> {
  const aside = await temporaryPath(dirname(to));
  const isThere = await rename(to, aside).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  try {
    await rename(from, to);
  } catch (error) {
    if (isThere) await rename(aside, to);
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}
