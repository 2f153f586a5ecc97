import { join } from 'node:path';
import { anything } from '../../base/json-shape.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { makeFolder } from './make-folder.ts';
import { readJson } from './read-json.ts';

/** Small records of JSON, a file each. */
export interface RecordFolder {
  /**
   * What was saved under a name.
   * @returns `undefined` where there is no such file, or none of JSON.
   * @throws {DataError} where there is one that cannot be read.
   */
  load(name: string): Promise<unknown>;
  /**
   * Makes the folder where there is none, and replaces the file whole.
   * @throws {UsageError} where that cannot be written, {TsosError} when the disk is full.
   */
  save(name: string, record: unknown): Promise<void>;
}

/** Keeps small records of JSON in a folder, such as what tuning measured. @param path of the folder, which need not exist */
export function recordFolder(path: string): RecordFolder {
  const file = (name: string) => join(path, `${name}.json`);
  return {
    load: (name) => readJson(file(name), anything, 'record').catch(ignoreMissing),
    async save(name, record) {
      await makeFolder(path);
      await writeFileAtomic(file(name), `${JSON.stringify(record, undefined, 1)}\n`);
    },
  };
}

function ignoreMissing(error: Error): undefined {
  const { cause } = error;
  if (
    cause instanceof SyntaxError ||
    cause instanceof TypeError ||
    (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
  )
    return;
  throw error;
}
