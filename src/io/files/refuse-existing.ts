import { stat } from 'node:fs/promises';
import { UsageError } from '../../base/errors.ts';

/**
 * @param because more on what is there, such as "is of another run"
 * @throws {UsageError} where there is a file or directory of this name.
 */
export async function refuseExisting(path: string, because = 'exists already'): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  throw new UsageError(`${path}: ${because}; choose another name, or have it replaced (--force)`);
}
