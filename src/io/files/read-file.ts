import { readFile } from 'node:fs/promises';
import { DataError } from '../../base/errors.ts';

/** A whole file, which may be a pipe. @throws {DataError} where it cannot be read. */
export async function readBytes(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return readFile(file).catch((cause: Error) => {
    throw new DataError(`cannot be read (${cause.message})`, { file }, { cause });
  });
}

/** As `readBytes`, of UTF-8; what is not stands as U+FFFD. */
export async function readText(file: string): Promise<string> {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await readBytes(file));
}
