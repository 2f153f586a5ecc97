import { UsageError } from '../../base/errors.ts';
import { createOutputFile } from './atomic-file.ts';
import { readFinishedRun, writeFinishedRun } from './finished-run.ts';
import {
  FileJournal,
  finishedJournal,
  type Journal,
  type JournalOptions,
  passingJournal,
} from './journal.ts';
import { journalPath, type OutputOptions, requireOutput } from './output.ts';
import { withOutputLock } from './output-lock.ts';
import { refuseExisting } from './refuse-existing.ts';

/** How a journalled file is written. */
export interface JournalledOptions<T> extends JournalOptions<T>, OutputOptions {
  /** Whether the file itself tells which run made it, so that nothing is kept beside it. Default false. */
  readonly selfDescribing?: boolean;
}

/**
 * Does a long work whose result is one file, which appears whole or not at all. What the work appends to the journal, in
 * `<path>.partial`, outlives an interruption; once the file is written the journal is removed. One process at a time
 * does it. What is no file, such as a pipe, gets the result as it is, and no journal.
 *
 * A run that may be resumed leaves in `<path>.done` what it had appended: the same run, started again, then finds all of it in
 * its journal, and leaves the file as it is.
 * @throws {UsageError} where the file cannot be written or another process is writing it, or where the run to resume was
 *   other work.
 */
export async function writeJournalled<T, R>(
  path: string,
  options: JournalledOptions<R>,
  work: (journal: Journal<R>) => Promise<{ readonly text: string; readonly result: T }>,
): Promise<T> {
  // Before the journal is made, whose name says nothing to who gave that of the file.
  const place = await requireOutput(path, { ...options, replace: true });
  if (place.kind === 'stream' && options.resume) {
    throw new UsageError(`${path}: is no file, so nothing of it was kept to go on with; leave --resume away`);
  }
  return withOutputLock(path, place, async (lock) => {
    const keepsRun = options.resume && place.kind === 'file' && !options.selfDescribing;
    const finished = keepsRun ? await readFinishedRun(path, options) : undefined;
    if (finished?.different.length === 0) {
      await removeOwnJournal(path, options);
      return (await work(finishedJournal(path, finished.records))).result;
    }
    if (options.replace === false && place.kind === 'file') {
      await refuseExisting(path, keepsRun ? otherRun(finished?.different) : undefined);
    }
    const journal = place.kind === 'file' ? await FileJournal.open(journalPath(path), options) : undefined;
    try {
      const { text, result } = await work(journal ?? passingJournal(path));
      const bytes = new TextEncoder().encode(text);
      // First, so that no output is there whole and not known to be: until it is, this says nothing.
      if (journal !== undefined && keepsRun) {
        await writeFinishedRun(path, options.header, journal.all, bytes);
      }
      const file = await createOutputFile(path, place);
      try {
        await file.write(bytes);
        await lock.assertHeld();
        await file.commit();
      } catch (error) {
        await file.abort();
        throw error;
      }
      await journal?.remove();
      return result;
    } catch (error) {
      // The cause is what matters; that the journal cannot be closed follows from it.
      await journal?.close().catch(() => {});
      throw error;
    }
  });
}

/** Why an output that is there is not taken for that of the run to resume. */
function otherRun(different: readonly string[] | undefined): string {
  return different === undefined
    ? 'exists already, and nothing tells that this run made it, as after one without --resume'
    : `is finished, by a run with other ${different.join(', ')}`;
}

/** Removes the journal that a run left which was killed when its output was whole; that of other work stays. */
export async function removeOwnJournal<T>(path: string, options: JournalOptions<T>): Promise<void> {
  const journal = await FileJournal.open(journalPath(path), options).catch(() => undefined);
  await journal?.remove();
}
