import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../base/errors.ts';
import { openPictures } from '../../io/pictures/open-pictures.ts';
import { pictureSetDigest } from '../../io/pictures/picture-set-digest.ts';
import { splitLines } from '../../models/transformer/translate-file.ts';
import { ArgumentError } from '../arguments/argument-error.ts';
import { countSelected } from '../session/count-selected.ts';
import { readInput } from '../session/input-files.ts';
import { note } from '../terminal/print.ts';
import type { TranslationTask } from './measure-bleu.ts';
import type { ClassificationTask } from './measure-top1.ts';

const SOURCE = 'newstest2014.en';
const REFERENCE = 'newstest2014.tok.de';
const VOCABULARY = 'vocab.translate_ende_wmt32k.32768.subwords';

export interface TranslationRequest {
  /** A folder with the files under the names of the original; each can be given by itself instead. */
  readonly newstest: string | undefined;
  readonly source: string | undefined;
  readonly reference: string | undefined;
  readonly vocabulary: string | undefined;
  /** Sentences from the top; all where it is left out. */
  readonly limit: number | undefined;
  readonly batch: number;
  /** Most tokens beyond the longest source of a batch; the rule of 2L + 50 tokens where it is left out. */
  readonly extraLength: number | undefined;
}

/**
 * Reads what Transformers are measured on; undefined where nothing of it is given.
 * @throws {ArgumentError} where a file is neither given nor in the folder.
 */
export async function readTranslationTask(request: TranslationRequest): Promise<TranslationTask | undefined> {
  const { newstest, source, reference, vocabulary, limit, batch, extraLength } = request;
  if ([newstest, source, reference, vocabulary].every((path) => path === undefined)) return undefined;
  const files = {
    source: source ?? required(newstest && join(newstest, SOURCE), '--source'),
    reference: reference ?? required(newstest && join(newstest, REFERENCE), '--reference'),
    vocabulary: vocabulary ?? required(newstest && (await vocabularyIn(newstest)), '--vocab'),
  };
  const texts = { source: await readInput(files.source), reference: await readInput(files.reference) };
  const [lines, references] = [splitLines(texts.source.text), splitLines(texts.reference.text)];
  if (lines.length !== references.length) {
    throw new DataError(
      `has ${references.length} lines, but ${files.source} has ${lines.length}; their lines must stand for the same sentences`,
      { file: files.reference },
    );
  }
  return {
    lines: lines.slice(0, limit),
    references: references.slice(0, limit),
    files: Object.values(files),
    vocabulary: files.vocabulary,
    search: extraLength === undefined ? { batch, legacyLength: true } : { batch, extraLength },
    identity: {
      source: texts.source.sha256,
      reference: texts.reference.sha256,
      vocabulary: (await readInput(files.vocabulary)).sha256,
      // One that leaves nothing away is none.
      limit: limit !== undefined && limit < lines.length ? limit : null,
      batch,
      length: extraLength === undefined ? '2L + 50' : `L + ${extraLength}`,
    },
  };
}

export interface ClassificationRequest {
  /** See `openPictures`. */
  readonly data: readonly string[];
  readonly labels: string | undefined;
  /** Pictures from the beginning; all where it is left out. */
  readonly limit: number | undefined;
  readonly batch: number;
}

/** Reads what ResNets are measured on; undefined where nothing of it is given. */
export async function readClassificationTask(
  request: ClassificationRequest,
): Promise<ClassificationTask | undefined> {
  const { data, labels, limit, batch } = request;
  if (data.length === 0) return undefined;
  const pictures = await openPictures(data, { labels });
  for (const each of pictures.notes) note(each);
  return {
    pictures,
    labels,
    total: await countSelected(pictures, { limit }, data),
    limit,
    batch,
    identity: { data: await pictureSetDigest(pictures, labels), limit: limit ?? null },
  };
}

function required(path: string | undefined, option: string): string {
  if (path !== undefined) return path;
  throw new ArgumentError(`give --newstest, a folder with all files, or ${option} as well`);
}

/** The original keeps the vocabulary in a folder of its own. */
async function vocabularyIn(folder: string): Promise<string> {
  const below = join(folder, 'wmt_ende32k', VOCABULARY);
  return (await stat(below).catch(() => undefined)) === undefined ? join(folder, VOCABULARY) : below;
}
