import { diskTree } from '../../io/files/disk-tree.ts';
import { readBytes, STDIN } from '../../io/files/read-file.ts';
import { findPublishedName } from '../../layers/published-name.ts';
import { PUBLISHED_CHECKPOINTS } from '../../results/catalogue.ts';
import { checkpointPath } from '../../results/checkpoint-path.ts';
import { fetchNewstestPart, fetchVocabulary, type Newstest } from '../../results/published-texts.ts';
import { readTargets, type Target } from '../../results/reproduction/target.ts';
import { ArgumentError } from '../arguments/argument-error.ts';
import { type FetchSettings, fetching } from './fetching.ts';

/** What the test set is called where a file could be named. */
export const NEWSTEST = 'newstest2014';
/** What the subwords of the published Transformers are called where a file could be named. */
export const VOCABULARY = 'vocabulary';

/** What is published: by the authors of the paper, unless the user has a catalogue. */
export async function publishedCheckpoints(
  file: string | undefined = process.env.TSOS_CATALOGUE || undefined,
): Promise<readonly Target[]> {
  return file === undefined ? PUBLISHED_CHECKPOINTS : await readTargets(file);
}

/** The path of a checkpoint that the command line names: a published one is fetched where it is not in the cache. */
export async function checkpointFor(given: string, settings: FetchSettings): Promise<string> {
  const catalogue = await publishedCheckpoints();
  return fetching(given, settings, (options) => checkpointPath(given, { ...options, catalogue }));
}

/**
 * The path of the vocabulary of a Transformer: the named one; else, of a published Transformer, that of all of them.
 * @param checkpoint as it was given, name or path
 * @throws {ArgumentError} where it cannot be known.
 */
export async function vocabularyFor(
  given: string | undefined,
  checkpoint: string,
  settings: FetchSettings,
): Promise<string> {
  if (given !== undefined && (given !== VOCABULARY || (await isThere(given)))) return given;
  if (given === undefined && !(await isPublishedTransformer(checkpoint))) {
    throw new ArgumentError('--vocab is missing: only that of published Transformers is known');
  }
  return fetching('the vocabulary', settings, fetchVocabulary);
}

/** The path of a text that the command line names, which may be a part of newstest2014. */
export async function namedText(
  given: string,
  part: keyof Newstest,
  settings: FetchSettings,
): Promise<string> {
  if (given !== NEWSTEST || (await isThere(given))) return given;
  return fetching(NEWSTEST, settings, (options) => fetchNewstestPart(part, options));
}

/**
 * Looks for texts that are given by their paths, so that one that is missing is told before others are fetched.
 * @throws {DataError} where one is not there, or is a folder.
 */
export async function requireTexts(...given: readonly (string | undefined)[]): Promise<void> {
  for (const path of given) {
    if (path === undefined || path === STDIN) continue;
    const kind = await diskTree.kind(path);
    const isNamed = kind === undefined && [NEWSTEST, VOCABULARY].includes(path);
    // Fails, and says why.
    if (!isNamed && (kind === undefined || kind === 'directory')) await readBytes(path);
  }
}

async function isPublishedTransformer(checkpoint: string): Promise<boolean> {
  const known = (await publishedCheckpoints()).find(({ name }) => name === checkpoint.replace(/\.tar$/, ''));
  return (known ?? findPublishedName(checkpoint))?.model === 'transformer';
}

async function isThere(path: string): Promise<boolean> {
  return (await diskTree.kind(path)) !== undefined;
}
