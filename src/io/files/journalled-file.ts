import { UsageError } from '../../base/errors.ts';
import { createOutputFile } from './atomic-file.ts';
import { FileJournal, type Journal, type JournalOptions, passingJournal } from './journal.ts';
import { journalPath, type OutputOptions, requireOutput } from './output.ts';
import { withOutputLock } from './output-lock.ts';

/** How a journalled file is written. */
export interface JournalledOptions<T> extends JournalOptions<T>, OutputOptions {}

/**
 * Does a long work whose result is one file, which appears whole or not at all. What the work appends to the journal, in
 * `<path>.partial`, outlives an interruption; once the file is written the journal is removed. One process at a time
 * does it. What is no file, such as a pipe, gets the result as it is, and no journal.
 * @throws {UsageError} where the file cannot be written or another process is writing it, or where the run to resume was
 *   other work.
 */
export async function writeJournalled<T, R>(
  path: string,
  options: JournalledOptions<R>,
  work: (journal: Journal<R>) => Promise<{ readonly text: string; readonly result: T }>,
): Promise<T> {
  // Before the journal is made, whose name says nothing to who gave that of the file.
  const place = await requireOutput(path, options);
  if (place.kind === 'stream' && options.resume) {
    throw new UsageError(`${path}: is no file, so nothing of it was kept to go on with; leave --resume away`);
  }
  return withOutputLock(path, place, async (lock) => {
    const journal = place.kind === 'file' ? await FileJournal.open(journalPath(path), options) : undefined;
    try {
      const { text, result } = await work(journal ?? passingJournal(path));
      const file = await createOutputFile(path, place);
      try {
        await file.write(new TextEncoder().encode(text));
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
