import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { TsosError, UsageError } from '../../base/errors.ts';
import { explainWriteFailure, writeAt } from './atomic-file.ts';

/** Says which work a journal belongs to. Values are compared as JSON. */
export type JournalHeader = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Finished parts of a long work, kept so that an interrupted run need not redo them: a header, then one record a line, as
 * JSON. A record counts once its line is whole; what a crash left of the last one is dropped.
 */
export class Journal {
  readonly path: string;
  /** What the run that is resumed had finished. */
  readonly records: readonly unknown[];
  /** How many records of an earlier run are not taken up. The first `append` overwrites them. */
  readonly discarded: number;
  readonly #handle: FileHandle;
  readonly #header: JournalHeader;
  /** Bytes of the header and the whole records. */
  #length: number;
  #closed = false;

  private constructor(path: string, handle: FileHandle, header: JournalHeader, kept: Kept, resume: boolean) {
    this.path = path;
    this.#handle = handle;
    this.#header = header;
    this.records = resume ? kept.records : [];
    this.discarded = resume ? 0 : kept.records.length;
    this.#length = resume ? kept.length : 0;
  }

  /**
   * Opens the journal of a work, making it where there is none, so that a place that cannot be written to shows at once.
   * @param options.resume take up what an earlier run of the same work has left.
   * @throws {UsageError} where that belongs to other work, or where the file cannot be written.
   */
  static async open(path: string, header: JournalHeader, options: { resume: boolean }): Promise<Journal> {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT).catch((cause) => {
      throw explainWriteFailure(path, cause);
    });
    try {
      const kept = wholeLines(await handle.readFile());
      if (options.resume && kept.header !== undefined) requireSame(path, kept.header, header);
      return new Journal(path, handle, header, kept, options.resume);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Adds a record and waits until it is on the disk. */
  async append(record: unknown): Promise<void> {
    const lines = this.#length === 0 ? [this.#header, record] : [record];
    const bytes = new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    try {
      await this.#handle.truncate(this.#length);
      await writeAt(this.#handle, this.#length, bytes, this.path);
      await this.#handle.datasync();
    } catch (error) {
      throw error instanceof TsosError
        ? error
        : explainWriteFailure(this.path, error as NodeJS.ErrnoException);
    }
    this.#length += bytes.length;
  }

  /** Closes the file; one that nothing was ever written to is removed. May be called again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { size } = await this.#handle.stat();
    await this.#handle.close();
    if (size === 0) await rm(this.path, { force: true });
  }

  /** Closes and removes the file: the work is done. */
  async remove(): Promise<void> {
    this.#closed = true;
    await this.#handle.close();
    await rm(this.path, { force: true });
  }
}

/** What of a journal can be read. */
interface Kept {
  readonly header: JournalHeader | undefined;
  readonly records: readonly unknown[];
  readonly length: number;
}

function wholeLines(bytes: Uint8Array): Kept {
  const values: unknown[] = [];
  let length = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, length)) {
    const value = parse(bytes.subarray(length, end));
    if (value === undefined) break;
    values.push(value);
    length = end + 1;
  }
  return { header: values[0] as JournalHeader | undefined, records: values.slice(1), length };
}

function parse(line: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(line));
  } catch {
    return undefined;
  }
}

function requireSame(path: string, found: JournalHeader, wanted: JournalHeader): void {
  const names = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  const different = [...names].filter((name) => found[name] !== wanted[name]);
  if (different.length > 0) {
    throw new UsageError(
      `${path}: is of a run with other ${different.join(', ')}; give what that run was given, or leave --resume away to start over`,
    );
  }
}
