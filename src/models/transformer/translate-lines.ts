import { DataError, UsageError } from '../../base/errors.ts';
import { countWords, stripWhitespace } from '../../base/python-text.ts';
import type { Vocabulary } from '../../io/text/subwords.ts';
import { EOS } from './config.ts';
import type { Transformer, TranslateOptions } from './model.ts';

/** How lines are cut into batches, and how each batch is searched. */
export interface TranslateLinesOptions
  extends Pick<TranslateOptions, 'beam' | 'alpha' | 'extraLength' | 'signal'> {
  /**
   * Limit a translation to 2L + 50 tokens instead, L the longest source of its batch: the rule of Tensor2Tensor before
   * 2019-12-12, which the published scores were most likely made with.
   */
  readonly legacyLength?: boolean | undefined;
  /** Sentences a batch. Default 32. */
  readonly batch?: number | undefined;
  /** Most ids of a source, EOS included; what is beyond is cut off. Default: no limit. */
  readonly maxInput?: number | undefined;
  /** Translations of batches that an earlier run with the same lines and options has finished, by index. */
  readonly finished?: ReadonlyMap<number, readonly LineTranslation[]> | undefined;
  /** Called with each batch as it is done, and waited for. */
  readonly onBatch?: ((batch: FinishedBatch) => void | Promise<void>) | undefined;
  /** Called with translations as they grow, see `TranslateOptions.onProgress`: the index of a line, and its text so far. */
  readonly onPartial?: ((partial: ReadonlyMap<number, string>) => void) | undefined;
}

/** A line and what the model makes of it. */
export interface LineTranslation {
  /** The line without surrounding whitespace. */
  readonly source: string;
  /** The best translation as text. */
  readonly translation: string;
  /** Ends with EOS if the model ended it. */
  readonly ids: readonly number[];
  /** See `Hypothesis.score`. */
  readonly score: number;
}

/** What is told when a batch is done. */
export interface FinishedBatch {
  /** Its place among the batches, from 0. */
  readonly index: number;
  /** In the order of the batch: most words first. */
  readonly translations: readonly LineTranslation[];
  /** How far the whole is. */
  readonly progress: TranslationProgress;
}

/** How far translating is. */
export interface TranslationProgress {
  /** Those of earlier runs included. */
  readonly sentencesDone: number;
  /** All there are. */
  readonly sentences: number;
  /** Tokens of the translations made in this run, EOS included. */
  readonly tokens: number;
  /** Time this run has taken for them. */
  readonly seconds: number;
  /** Of this run. */
  readonly tokensPerSecond: number;
}

/**
 * Translates lines of text as Tensor2Tensor's `decode_from_file` does. Lines are stripped and put in batches by falling
 * number of words, for each batch limits the length of its translations by its longest sentence.
 *
 * @returns in the order of the lines.
 * @throws {UsageError} for options that cannot be, or a vocabulary of another size than the model's.
 * @throws {DataError} where finished batches are of other lines.
 */
export async function translateLines(
  model: Transformer,
  vocabulary: Vocabulary,
  lines: readonly string[],
  options: TranslateLinesOptions = {},
): Promise<LineTranslation[]> {
  check(model, vocabulary, options);
  const sources = lines.map(stripWhitespace);
  const translations = new Array<LineTranslation>(sources.length);
  let sentencesDone = 0;
  let tokens = 0;
  let milliseconds = 0;
  for (const [index, positions] of batchesByLength(
    sources.map(countWords),
    options.batch ?? DEFAULT_BATCH,
  ).entries()) {
    sentencesDone += positions.length;
    let batch = options.finished?.get(index);
    if (batch === undefined) {
      const started = performance.now();
      batch = await translateBatch(model, vocabulary, sources, positions, options);
      milliseconds += performance.now() - started;
      tokens += batch.reduce((sum, { ids }) => sum + ids.length, 0);
      const seconds = milliseconds / 1000;
      const progress = { sentencesDone, sentences: sources.length, tokens, seconds };
      await options.onBatch?.({
        index,
        translations: batch,
        progress: { ...progress, tokensPerSecond: tokens / seconds },
      });
    }
    requireSources(
      index,
      batch,
      positions.map((position) => sources[position]),
    );
    for (const [i, position] of positions.entries()) translations[position] = batch[i];
  }
  return translations;
}

/** @throws {DataError} where translations, as of an earlier run, are of other sentences. */
function requireSources(index: number, batch: readonly LineTranslation[], sources: readonly string[]): void {
  if (batch.length === sources.length && batch.every(({ source }, i) => source === sources[i])) return;
  throw new DataError(`batch ${index} was finished before with other sentences; translate all of them again`);
}

export const DEFAULT_BATCH = 32;

function check(
  model: Transformer,
  vocabulary: Vocabulary,
  { batch = DEFAULT_BATCH, maxInput, extraLength, legacyLength }: TranslateLinesOptions,
): void {
  if (vocabulary.size !== model.vocabularySize) {
    throw new UsageError(
      `a vocabulary of ${vocabulary.size} entries for a model of ${model.vocabularySize}; take the one it was trained with`,
    );
  }
  for (const [name, value] of Object.entries({ batch, maxInput })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) {
      throw new UsageError(`${name} is ${value}; it must be a whole number from 1`);
    }
  }
  if (legacyLength && extraLength !== undefined) {
    throw new UsageError('extraLength and legacyLength exclude each other; give one of them');
  }
}

/** Positions of sources of so many words per batch: most words first, equal ones in their order. */
export function batchesByLength(words: readonly number[], size: number): number[][] {
  const sorted = [...words.keys()].sort((a, b) => words[b] - words[a]);
  return Array.from({ length: Math.ceil(sorted.length / size) }, (_, index) =>
    sorted.slice(index * size, (index + 1) * size),
  );
}

async function translateBatch(
  model: Transformer,
  vocabulary: Vocabulary,
  sources: readonly string[],
  positions: readonly number[],
  options: TranslateLinesOptions,
): Promise<LineTranslation[]> {
  const { maxInput, onPartial } = options;
  const ids = positions.map((position) => sourceIds(vocabulary, sources[position], maxInput));
  const found = await model.translate(ids, {
    ...searchOptions(ids, options),
    onProgress:
      onPartial &&
      ((leading) =>
        onPartial(new Map([...leading].map(([i, { ids }]) => [positions[i], textOf(vocabulary, ids)])))),
  });
  return found.map(({ ids, score }, i) => ({
    source: sources[positions[i]],
    translation: textOf(vocabulary, ids),
    ids,
    score,
  }));
}

function textOf(vocabulary: Vocabulary, ids: readonly number[]): string {
  const end = ids.indexOf(EOS);
  return vocabulary.decode(end < 0 ? ids : ids.slice(0, end));
}

/** Ids of a line as it is translated, end of sentence included. */
export function sourceLength(vocabulary: Vocabulary, line: string): number {
  return sourceIds(vocabulary, stripWhitespace(line)).length;
}

function sourceIds(vocabulary: Vocabulary, source: string, maxInput = Number.POSITIVE_INFINITY): number[] {
  return [...vocabulary.encode(source).slice(0, maxInput - 1), EOS];
}

function searchOptions(
  ids: readonly (readonly number[])[],
  { beam, alpha, extraLength, legacyLength, signal }: TranslateLinesOptions,
): TranslateOptions {
  const longest = ids.reduce((most, { length }) => Math.max(most, length), 0);
  return {
    beam,
    alpha,
    signal,
    bestOnly: true,
    ...(legacyLength ? { maxLength: 2 * longest + 50 } : { extraLength }),
  };
}
