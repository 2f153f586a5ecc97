import { stat } from 'node:fs/promises';
import { UsageError } from '../../base/errors.ts';

/** @throws {UsageError} where there is a file or directory of this name. */
export async function refuseExisting(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  throw new UsageError(`${path}: exists already; choose another name, or have it replaced (--force)`);
}
