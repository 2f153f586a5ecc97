import { readFile } from 'node:fs/promises';
import { DataError } from '../../base/errors.ts';

/**
 * Reads a file of JSON.
 * @throws {DataError} where it cannot be read, or is something else.
 */
export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new DataError(`cannot be read (${cause.message})`, { file }, { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(`is not JSON: ${(cause as Error).message}`, { file }, { cause });
  }
}
