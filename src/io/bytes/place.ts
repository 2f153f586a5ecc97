import { DataError } from '../../base/errors.ts';

/**
 * Runs a parser that knows only bytes; a DataError it throws without a file is given the file, the offset and
 * the subject ("tensor x", "data block").
 */
export function placed<T>(where: { file: string; offset?: number }, subject: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof DataError && error.file === undefined) {
      throw new DataError(`${subject}: ${error.message}`, where, { cause: error });
    }
    throw error;
  }
}

/** A name from a file as it may stand in a message: control bytes escaped, long ones cut. */
export function quoted(name: string): string {
  const shown = name.length > 120 ? `${name.slice(0, 117)}...` : name;
  return JSON.stringify(shown);
}
