import { differingNames } from '../../base/differing-names.ts';
import { anything, fields, listOf, oneOf, recordOf, sha256 } from '../../base/json-shape.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { sha256 as hashOf } from './hash.ts';
import type { JournalHeader, JournalOptions } from './journal.ts';
import { readBytes } from './read-file.ts';
import { formatSealed, readSealed } from './sealed-json.ts';

const FORMAT = 'tsos finished run 1';

/** Where is kept what the run that may be resumed had done when its output was whole. */
export function finishedPath(path: string): string {
  return `${path}.done`;
}

/** Keeps beside an output what it was made from, so that the same run, started again, can tell that nothing is left to do. */
export async function writeFinishedRun(
  path: string,
  header: JournalHeader,
  records: readonly unknown[],
  output: Uint8Array,
): Promise<void> {
  const run = { format: FORMAT, header, output: await hashOf([output]), records };
  await writeFileAtomic(finishedPath(path), formatSealed(run));
}

/** A run that finished an output which is there as it left it. */
export interface FinishedRun<T> {
  /** What it had done. */
  readonly records: readonly T[];
  /** In what it was another run; empty for the same. */
  readonly different: readonly string[];
}

/** The run that finished an output; undefined where none is known, or the output was changed since. */
export async function readFinishedRun<T>(
  path: string,
  { header, record }: Pick<JournalOptions<T>, 'header' | 'record'>,
): Promise<FinishedRun<T> | undefined> {
  const shape = fields({
    format: oneOf(FORMAT),
    header: recordOf(anything),
    output: sha256,
    records: listOf(record),
  });
  const [run, output] = await Promise.all([
    readSealed(finishedPath(path), shape, 'finished run').catch(() => undefined),
    readBytes(path).catch(() => undefined),
  ]);
  if (run === undefined || output === undefined || run.output !== (await hashOf([output]))) return undefined;
  return { records: run.records, different: differingNames(run.header, header) };
}
