import { DataError } from '../../base/errors.ts';
import { agreeing, fields, real, recordOf, shaped, whole } from '../../base/json-shape.ts';
import { AppendedFile } from '../../io/files/appended-file.ts';
import { diskTree } from '../../io/files/disk-tree.ts';
import { readBytes, readText } from '../../io/files/read-file.ts';

/** What a step gave, by name. Nothing in it depends on the clock: equal runs give equal records. */
export type MetricsRecord = { readonly step: number } & Readonly<Record<string, number>>;

/** Name of the file in the folder of a run. */
export const METRICS_FILE = 'metrics.jsonl';

/**
 * Reads what a run has measured so far; a record that is being written is not there yet.
 * @throws {DataError} where the file cannot be read, has no record, or something else in it.
 */
export async function readMetrics(path: string): Promise<MetricsRecord[]> {
  const lines = (await readText(path)).split('\n').slice(0, -1);
  if (lines.length === 0)
    throw new DataError('has no record yet; wait until the run has made some steps', { file: path });
  return lines.map((line, i) => {
    const record = shaped(parsed(line), RECORD, `line of metrics (line ${i + 1})`, path);
    return record as unknown as MetricsRecord;
  });
}

/** The metrics of a run in a file: a record a line, as JSON. */
export class MetricsFile implements AsyncDisposable {
  readonly #file: AppendedFile;

  private constructor(file: AppendedFile) {
    this.#file = file;
  }

  /**
   * Opens the file, or makes it. Records beyond a step are of a run that did not get to keep that step, and are dropped; so is
   * whatever stands behind damage.
   */
  static async open(path: string, step: number): Promise<MetricsFile> {
    const bytes = (await diskTree.kind(path)) === 'file' ? await readBytes(path) : new Uint8Array(0);
    return new MetricsFile(await AppendedFile.open(path, lengthUpTo(bytes, step)));
  }

  async append(record: MetricsRecord): Promise<void> {
    await this.#file.append(new TextEncoder().encode(`${JSON.stringify(record)}\n`));
  }

  /** Waits until all records are on the disk. */
  sync(): Promise<void> {
    return this.#file.sync();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.close();
  }
}

const LINE_FEED = 0x0a;

/** Bytes of the whole lines whose records are of that step or an earlier one. */
function lengthUpTo(bytes: Uint8Array, step: number): number {
  let length = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, length)) {
    const found = stepOf(new TextDecoder().decode(bytes.subarray(length, end)));
    if (!(found <= step)) break;
    length = end + 1;
  }
  return length;
}

function stepOf(line: string): number {
  const record = parsed(line) as Partial<MetricsRecord> | undefined;
  return Number(record?.step ?? Number.NaN);
}

const RECORD = agreeing(recordOf(real()), (record) => fields({ step: whole() })(record, ''));

/** undefined where it is no JSON. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
