import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { explainWriteFailure } from './atomic-file.ts';

/**
 * Makes a directory that appears with all its files or not at all: `fill` writes them under a temporary name
 * beside it. Where that fails, nothing is left behind.
 * @throws {UsageError} where something of that name exists, or the directory around it does not.
 */
export async function writeDirectoryAtomic<T>(
  path: string,
  fill: (directory: string) => Promise<T>,
): Promise<T> {
  const target = resolve(path);
  await refuseExisting(target);
  const temporary = join(dirname(target), `.tsos-${randomBytes(8).toString('hex')}.tmp`);
  try {
    await explained(path, mkdir(temporary));
    const result = await fill(temporary);
    await explained(path, rename(temporary, target));
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** @throws {UsageError} where there is a file or directory of this name. */
export async function refuseExisting(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  throw new UsageError(`${path}: ${basename(path)} exists already; remove it or choose another name`);
}

async function explained(path: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw explainWriteFailure(path, error as NodeJS.ErrnoException);
  }
}
