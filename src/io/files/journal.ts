import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { differingNames } from '../../base/differing-names.ts';
import { DataError, UsageError } from '../../base/errors.ts';
import { either, oneOf, real, recordOf, type Shape, text, truth } from '../../base/json-shape.ts';
import { crc32c, hexadecimalCrc } from '../bytes/crc32c.ts';
import { parseJson } from './read-json.ts';
import { writeAt } from './write-at.ts';
import { explained } from './write-failure.ts';

/** Says which work a journal belongs to. Values are compared as JSON. */
export type JournalHeader = Readonly<Record<string, string | number | boolean | null>>;

const HEADER = recordOf(either(text(), real(), truth, oneOf(null))) satisfies Shape<JournalHeader>;

/** Finished parts of a long work, kept so that an interrupted run need not redo them. */
export interface Journal<T> {
  /** What errors call it. */
  readonly path: string;
  /** What the run that is resumed had finished. */
  readonly records: readonly T[];
  /** How many records of an earlier run are not taken up. The first `append` overwrites them. */
  readonly discarded: number;
  /** Bytes behind the records that are damaged, and do not count. */
  readonly damagedBytes: number;
  /** Whether the work was finished by an earlier run, so that `records` has all of it. */
  readonly isFinished: boolean;
  /** Adds a record and waits until it is on the disk. */
  append(record: T): Promise<void>;
}

/** How a journal is opened. */
export interface JournalOptions<T> {
  readonly header: JournalHeader;
  /** What each record must be. */
  readonly record: Shape<T>;
  /** Take up what an earlier run of the same work has left. */
  readonly resume: boolean;
}

/**
 * A journal in a file: a header and then a record a line, as JSON, each behind a checksum of all JSON up to its own end. So a
 * record counts only behind just those records, and that header, that it was written behind. What a crash left of the last
 * one is dropped, and so is whatever stands behind damage.
 */
export class FileJournal<T> implements Journal<T> {
  readonly path: string;
  readonly records: readonly T[];
  readonly discarded: number;
  readonly damagedBytes: number;
  readonly isFinished = false;
  readonly #appended: T[] = [];
  readonly #handle: FileHandle;
  readonly #header: JournalHeader;
  /** Bytes of the header and the whole records, and the checksum they end with. */
  #length: number;
  #checksum: number;
  #closed = false;

  private constructor(
    path: string,
    handle: FileHandle,
    header: JournalHeader,
    kept: Kept,
    records: readonly T[] | undefined,
  ) {
    this.path = path;
    this.#handle = handle;
    this.#header = header;
    const isResumed = records !== undefined;
    this.records = records ?? [];
    this.discarded = isResumed ? 0 : Math.max(0, kept.lines.length - 1);
    this.damagedBytes = isResumed ? kept.damagedBytes : 0;
    this.#length = isResumed ? kept.length : 0;
    this.#checksum = isResumed ? kept.checksum : 0;
  }

  /**
   * Opens the journal of a work, making it where there is none, so that a place that cannot be written to shows at once.
   * @throws {UsageError} where what an earlier run left belongs to other work, or where the file cannot be written.
   * @throws {DataError} where what it left is none of a journal of this work.
   */
  static async open<T>(path: string, options: JournalOptions<T>): Promise<FileJournal<T>> {
    const { header, record, resume } = options;
    const handle = await explained(path, open(path, constants.O_RDWR | constants.O_CREAT));
    try {
      const kept = soundLines(await handle.readFile());
      const records = resume ? recordsOf(path, kept, header, record) : undefined;
      return new FileJournal(path, handle, header, kept, records);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async append(record: T): Promise<void> {
    const lines = this.#length === 0 ? [this.#header, record] : [record];
    let checksum = this.#length === 0 ? 0 : this.#checksum;
    let text = '';
    for (const line of lines) {
      const json = JSON.stringify(line);
      checksum = crc32c(UTF8.encode(json), checksum);
      text += `${hexadecimalCrc(checksum)} ${json}\n`;
    }
    const bytes = UTF8.encode(text);
    await explained(this.path, this.#handle.truncate(this.#length));
    await writeAt(this.#handle, this.#length, bytes, this.path);
    await explained(this.path, this.#handle.datasync());
    this.#length += bytes.length;
    this.#checksum = checksum;
    this.#appended.push(record);
  }

  /** All records, of the run that is resumed and of this one. */
  get all(): readonly T[] {
    return [...this.records, ...this.#appended];
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

/** A journal of work that nothing can be resumed of: it keeps nothing. */
export function passingJournal<T>(path: string): Journal<T> {
  return { path, records: [], discarded: 0, damagedBytes: 0, isFinished: false, append: async () => {} };
}

/** A journal of work that is done already. */
export function finishedJournal<T>(path: string, records: readonly T[]): Journal<T> {
  return { ...passingJournal<T>(path), records, isFinished: true };
}

const UTF8 = new TextEncoder();

/** Of a checksum, and the blank behind it. */
const PREFIX_LENGTH = 9;

/** What of a journal can be read. */
interface Kept {
  /** The JSON of header and records. */
  readonly lines: readonly Uint8Array[];
  /** Bytes up to the last of them. */
  readonly length: number;
  /** Of all of them. */
  readonly checksum: number;
  /** Bytes behind them that are no line a crash cut short. */
  readonly damagedBytes: number;
}

function soundLines(bytes: Uint8Array): Kept {
  const lines: Uint8Array[] = [];
  let length = 0;
  let checksum = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, length)) {
    const json = bytes.subarray(length + PREFIX_LENGTH, end);
    const expected = crc32c(json, checksum);
    const prefix = new TextDecoder().decode(bytes.subarray(length, length + PREFIX_LENGTH));
    if (prefix !== `${hexadecimalCrc(expected)} `) {
      return { lines, length, checksum, damagedBytes: bytes.length - length };
    }
    lines.push(json);
    checksum = expected;
    length = end + 1;
  }
  return { lines, length, checksum, damagedBytes: 0 };
}

const LINE_FEED = 0x0a;

function recordsOf<T>(path: string, kept: Kept, wanted: JournalHeader, record: Shape<T>): T[] {
  const [header, ...records] = kept.lines;
  if (header === undefined) {
    if (kept.damagedBytes === 0) return [];
    throw new DataError(
      'is damaged in its first line, or was written by an earlier version; leave --resume away to start over',
      { file: path },
    );
  }
  requireSame(path, parseJson(header, path, HEADER, WHAT), wanted);
  return records.map((line) => parseJson(line, path, record, WHAT));
}

const WHAT = 'journal of this work; leave --resume away to start over';

function requireSame(path: string, found: JournalHeader, wanted: JournalHeader): void {
  const different = differingNames(found, wanted);
  if (different.length > 0) {
    throw new UsageError(
      `${path}: is of a run with other ${different.join(', ')}; give what that run was given, or leave --resume away to start over`,
    );
  }
}
