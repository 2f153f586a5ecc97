import { DataError } from '../../base/errors.ts';
import { agreeing, fields, optional, type Shape, text } from '../../base/json-shape.ts';
import { crc32c, hexadecimalCrc } from '../bytes/crc32c.ts';
import { readJson } from './read-json.ts';

/** The text of a file of JSON that `readSealed` finds damage in. */
export function formatSealed(value: object): string {
  return `${JSON.stringify({ ...value, checksum: checksumOf(value) }, undefined, 2)}\n`;
}

/**
 * Reads what `formatSealed` made. One without a checksum, of an earlier version or written by hand, is taken as it is.
 * @param what the file should be, for the error.
 * @throws {DataError} where it cannot be read, is damaged, or is something else.
 */
export async function readSealed<T extends object>(file: string, shape: Shape<T>, what: string): Promise<T> {
  const sealed = agreeing(fields({ checksum: optional(text()) }), (value) => shape(value as T, ''));
  const { checksum, ...value } = await readJson(file, sealed, what);
  if (checksum !== undefined && checksum !== checksumOf(value)) {
    throw new DataError('is damaged: its checksum does not fit what it says; make it again', { file });
  }
  return value as T;
}

/** CRC-32C of the JSON without blanks, in hexadecimal. */
function checksumOf(value: object): string {
  return hexadecimalCrc(crc32c(new TextEncoder().encode(JSON.stringify(value))));
}
