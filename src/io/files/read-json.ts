import { DataError } from '../../base/errors.ts';
import { type Shape, shaped } from '../../base/json-shape.ts';
import { readBytes } from './read-file.ts';

/**
 * Reads a file of JSON that must have a shape.
 * @param what the file should be, for the error, such as `result of "tsos evaluate"`.
 * @throws {DataError} where it cannot be read, or is something else.
 */
export async function readJson<T>(file: string, shape: Shape<T>, what: string): Promise<T> {
  const bytes = await readBytes(file);
  return parseJson(bytes, file, shape, what);
}

/** As `readJson`, of bytes that are at hand. */
export function parseJson<T>(bytes: Uint8Array, file: string, shape: Shape<T>, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DataError(`is not JSON: ${(cause as Error).message}`, { file }, { cause });
  }
  return shaped(value, shape, what, file);
}
