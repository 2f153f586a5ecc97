import { TsosError, UsageError } from '../../base/errors.ts';
import { cacheDirectory } from '../../io/files/cache-directory.ts';
import { fetchNewstest, fetchVocabulary } from '../../results/published-texts.ts';
import { fetching } from '../session/fetching.ts';
import { NEWSTEST } from '../session/published.ts';
import { InterruptedError } from '../terminal/interrupt.ts';
import { note } from '../terminal/print.ts';

export interface NewstestRequest {
  readonly newstest?: string | undefined;
  readonly source?: string | undefined;
  readonly reference?: string | undefined;
  readonly vocab?: string | undefined;
  readonly from?: string | undefined;
  /** Whether the network may be asked. */
  readonly mayFetch: boolean;
}

/**
 * The folder with newstest2014 and the vocabulary: the given one; where nothing of it is given, the one in the cache. Undefined
 * where they cannot be had: sparsity can be measured without.
 */
export async function newstestFolder(request: NewstestRequest): Promise<string | undefined> {
  const { newstest, source, reference, vocab, from, mayFetch } = request;
  if ([newstest, source, reference, vocab].some((path) => path !== undefined)) return newstest;
  const settings = { from, offline: !mayFetch };
  try {
    await fetching(NEWSTEST, settings, fetchNewstest);
    await fetching('the vocabulary', settings, fetchVocabulary);
    return `${cacheDirectory()}/decode`;
  } catch (error) {
    const isAbsent = mayFetch
      ? error instanceof TsosError && error.exitCode === 1
      : error instanceof UsageError;
    if (!isAbsent || error instanceof InterruptedError) throw error;
    if (mayFetch) note((error as Error).message);
    return undefined;
  }
}
