import {
  fields,
  listOf,
  nullable,
  real,
  type Shape,
  type ShapeOf,
  text,
  whole,
} from '../../base/json-shape.ts';
import { stripWhitespace } from '../../base/python-text.ts';
import { sha256 } from '../../io/files/hash.ts';
import type { Journal, JournalHeader } from '../../io/files/journal.ts';
import { writeJournalled } from '../../io/files/journalled-file.ts';
import type { Vocabulary } from '../../io/text/subwords.ts';
import type { Transformer } from './model.ts';
import {
  DEFAULT_BATCH,
  type LineTranslation,
  type TranslateLinesOptions,
  translateLines,
} from './translate-lines.ts';

/** How `translateToFile` translates, and where to. */
export interface TranslateToFileOptions extends Omit<TranslateLinesOptions, 'finished'> {
  /** The file to write. Until it is whole, finished batches are kept in `<output>.partial` beside it. */
  readonly output: string;
  /**
   * Take up what an interrupted run has left in `<output>.partial`, leave a finished output of the same run as it is, and keep
   * in `<output>.done` what tells it. Without it what was left is overwritten, though not before the first new batch is done.
   */
  readonly resume?: boolean | undefined;
  /** Hashes of the files that the model and the vocabulary were read from. */
  readonly hashes: { readonly checkpoint: string; readonly vocabulary: string };
  /** Files that the run reads, which the output must not replace. */
  readonly inputs?: readonly (string | undefined)[] | undefined;
  /** Whether an output that is there may be replaced. Default true. */
  readonly replace?: boolean | undefined;
  /** Called before the first batch. */
  readonly onStart?: ((start: TranslationStart) => void) | undefined;
}

export interface TranslationStart {
  /** Sentences that an earlier run has finished. */
  readonly resumed: number;
  /** Batches of an earlier run that are not taken up. */
  readonly discarded: number;
  /** Bytes of what an earlier run has left that are damaged; what they stood for is done again. */
  readonly damagedBytes: number;
  /** Whether the same run has finished the output before, which is then left as it is. */
  readonly isFinished: boolean;
}

/** How many translations are of several lines, which `joinLines` makes one. */
export function countBroken(translations: readonly LineTranslation[]): number {
  return translations.filter(({ translation }) => translation.includes('\n')).length;
}

/** The lines of a text as Tensor2Tensor reads a file: one empty line at the end does not count. */
export function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (stripWhitespace(lines.at(-1)!) === '') lines.pop();
  return lines;
}

/**
 * The file that Tensor2Tensor writes for translations, but with a line a sentence whatever the model says: a line feed in a
 * translation, which a vocabulary can unescape to, becomes a blank.
 */
export function joinLines(translations: readonly LineTranslation[]): string {
  return translations.map(({ translation }) => `${translation.replaceAll('\n', ' ')}\n`).join('');
}

/**
 * Translates lines into a file, which appears whole or not at all. Every finished batch is kept, so that a run that was
 * interrupted can be resumed; the result is the same.
 *
 * @throws {UsageError} where the file cannot be written, or where the run to resume had other inputs or options.
 */
export async function translateToFile(
  model: Transformer,
  vocabulary: Vocabulary,
  lines: readonly string[],
  options: TranslateToFileOptions,
): Promise<LineTranslation[]> {
  const { output, resume = false, replace, inputs = [], onStart, onBatch } = options;
  const header = await identity(model, lines, options);
  return writeJournalled(output, { header, record: BATCH, resume, replace, inputs }, async (journal) => {
    const finished = finishedBatches(journal);
    const resumed = [...finished.values()].reduce((sum, { length }) => sum + length, 0);
    const { discarded, damagedBytes, isFinished } = journal;
    onStart?.({ resumed, discarded, damagedBytes, isFinished });
    const translations = await translateLines(model, vocabulary, lines, {
      ...options,
      finished,
      async onBatch(batch) {
        await journal.append({ batch: batch.index, translations: batch.translations });
        await onBatch?.(batch);
      },
    });
    return { text: joinLines(translations), result: translations };
  });
}

/** All that decides on the translations, so that those of different runs are never mixed. */
async function identity(
  { config }: Transformer,
  lines: readonly string[],
  options: TranslateToFileOptions,
): Promise<JournalHeader> {
  const { beam = 4, alpha = 0.6, extraLength = 100, legacyLength = false } = options;
  return {
    checkpoint: options.hashes.checkpoint,
    vocabulary: options.hashes.vocabulary,
    input: await sha256([lines.join('\n')]),
    technique: config.technique,
    threshold: config.threshold?.value ?? null,
    heads: config.heads,
    valuePrecision: config.valuePrecision,
    beam,
    alpha,
    length: legacyLength ? 'legacy' : extraLength,
    batch: options.batch ?? DEFAULT_BATCH,
    maxInput: options.maxInput ?? null,
  };
}

/** A record of the journal. JSON has no word for a score that is no number. */
const BATCH = fields({
  batch: whole(),
  translations: listOf(
    fields({ source: text(), translation: text(), ids: listOf(whole()), score: nullable(real()) }),
  ),
}) satisfies Shape<unknown>;

function finishedBatches({ records }: Journal<ShapeOf<typeof BATCH>>): Map<number, LineTranslation[]> {
  return new Map(
    records.map(({ batch, translations }) => [
      batch,
      translations.map((each) => ({ ...each, score: each.score ?? Number.NaN })),
    ]),
  );
}
