import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../src/base/errors.ts';
import { countWords } from '../../src/base/python-text.ts';
import { loadVocabulary } from '../../src/io/text/load-vocabulary.ts';
import { EOS } from '../../src/models/transformer/config.ts';

/** A sentence to translate. */
export interface NewsSentence {
  /** Of the source, its end included. */
  readonly ids: readonly number[];
  /** Of the source, which batches are sorted by. */
  readonly words: number;
  /** Subwords of the reference translation, its end included. */
  readonly referenceLength: number;
}

const FOLDER = fileURLToPath(new URL('../../../shared/data/state_of_sparsity/', import.meta.url));

/**
 * The 3,003 sentences of newstest2014 as the paper's model reads them.
 * @throws {UsageError} where the files of the paper are not beside the checkout.
 */
export async function newstest2014(): Promise<NewsSentence[]> {
  const [english, german, subwords] = [
    'newstest2014.en',
    'newstest2014.tok.de',
    'vocab.translate_ende_wmt32k.32768.subwords',
  ].map((name) => FOLDER + name);
  const missing = [english, german, subwords].find((path) => !existsSync(path));
  if (missing !== undefined) throw new UsageError(`${missing} is missing: the benchmark reads newstest2014`);
  const vocabulary = await loadVocabulary(subwords);
  const references = await linesOf(german);
  return (await linesOf(english)).map((source, i) => ({
    ids: [...vocabulary.encode(source), EOS],
    words: countWords(source),
    // Moses split compounds.
    referenceLength: vocabulary.encode(references[i].replaceAll(' ##AT##-##AT## ', '-')).length + 1,
  }));
}

/** A few short ones, for tests. */
export function madeSentences(): NewsSentence[] {
  return [3, 5, 2, 7].map((length) => ({
    ids: Array.from({ length }, (_, i) => (i < length - 1 ? 2 + i : 1)),
    words: length,
    referenceLength: length + 1,
  }));
}

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).trimEnd().split('\n');
}
