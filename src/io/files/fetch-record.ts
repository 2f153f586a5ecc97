import { stat } from 'node:fs/promises';
import { fields, optional, real, type ShapeOf, sha256, text, whole } from '../../base/json-shape.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { readJson } from './read-json.ts';

/** How a file looks without being read. */
export interface FileStamp {
  readonly bytes: number;
  /** When it was last written, in ms. */
  readonly modified: number;
}

const FETCH_RECORD = fields({
  url: text(),
  bytes: whole(),
  modified: real(),
  sha256,
  md5: text('32 hexadecimal digits', /^[0-9a-f]{32}$/),
  /** What it was found to be. */
  checkedAs: optional(text()),
});

/** What is kept of a file that was fetched and looked at, beside it. */
export type FetchRecord = ShapeOf<typeof FETCH_RECORD>;

/** Undefined where there is no such file. */
export async function stampOf(path: string): Promise<FileStamp | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : { bytes: found.size, modified: found.mtimeMs };
}

/** Undefined where there is none that can be read: then the file is looked at anew. */
export function readFetchRecord(path: string): Promise<FetchRecord | undefined> {
  return readJson(recordPath(path), FETCH_RECORD, 'record of a fetched file').catch(() => undefined);
}

export function writeFetchRecord(path: string, record: FetchRecord): Promise<void> {
  return writeFileAtomic(recordPath(path), `${JSON.stringify(record)}\n`);
}

function recordPath(path: string): string {
  return `${path}.fetched.json`;
}
