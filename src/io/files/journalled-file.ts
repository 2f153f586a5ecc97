import { requireWritable, writeFileAtomic } from './atomic-file.ts';
import { Journal, type JournalHeader } from './journal.ts';

/**
 * Does a long work whose result is one file, which appears whole or not at all. What the work appends to the journal, in
 * `<path>.partial`, outlives an interruption; once the file is written the journal is removed.
 * @param options.resume give the work what an earlier run of it has left.
 * @throws {UsageError} where the file cannot be written, or where the run to resume was other work.
 */
export async function writeJournalled<T>(
  path: string,
  header: JournalHeader,
  options: { readonly resume: boolean },
  work: (journal: Journal) => Promise<{ readonly text: string; readonly result: T }>,
): Promise<T> {
  // Before the journal is made, whose name says nothing to who gave that of the file.
  await requireWritable(path);
  const journal = await Journal.open(`${path}.partial`, header, options);
  try {
    const { text, result } = await work(journal);
    await writeFileAtomic(path, text);
    await journal.remove();
    return result;
  } catch (error) {
    // The cause is what matters; that the journal cannot be closed follows from it.
    await journal.close().catch(() => {});
    throw error;
  }
}
