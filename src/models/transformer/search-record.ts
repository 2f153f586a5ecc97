import type { Gpu } from '../../graph/device/gpu.ts';
import { readFloats, readWords } from '../../graph/device/scope.ts';
import { FINISHED_WORDS } from '../../graph/operations/search-operations.ts';
import type { SearchState } from './handover.ts';
import {
  type BeamRecord,
  cutAtEnd,
  type Hypothesis,
  leadingHypotheses,
  traceHypotheses,
} from './hypotheses.ts';
import { lengthPenalty } from './positions.ts';

/** What a search has found, read back at one moment. How many steps had been done by then, another reading tells. */
export type SearchRecord = Omit<BeamRecord, 'steps'>;

/** Reads it after what was submitted so far, all at once. @param rows steps that may have been done */
export async function readRecord(gpu: Gpu, state: SearchState, rows: number): Promise<SearchRecord> {
  const { sentences, beam, positions, alive, finished } = state;
  const slots = sentences * beam;
  const none = new Uint32Array();
  const [tokens, scores, lineage, ended] = await Promise.all([
    readWords(gpu, positions.tokens, rows * slots),
    readFloats(gpu, alive, slots),
    beam === 1 ? none : readWords(gpu, positions.lineage, rows * slots),
    beam === 1 ? none : readWords(gpu, finished, slots * FINISHED_WORDS),
  ]);
  return { sentences, beam, tokens, lineage, alive: scores, finished: ended };
}

/** The hypotheses of each sentence, best first. */
export function hypothesesOf(record: SearchRecord, steps: number): Hypothesis[][] {
  return record.beam === 1
    ? greedyHypotheses(record, steps).map((only) => [only])
    : traceHypotheses({ ...record, steps });
}

/** The hypothesis of each sentence that is ahead. */
export function leadingOf(record: SearchRecord, steps: number, alpha: number): Hypothesis[] {
  return record.beam === 1
    ? greedyHypotheses(record, steps)
    : leadingHypotheses({ ...record, steps }, lengthPenalty(steps, alpha));
}

function greedyHypotheses({ sentences, tokens, alive }: SearchRecord, steps: number): Hypothesis[] {
  return Array.from({ length: sentences }, (_, sentence) => {
    const ids = Array.from({ length: steps }, (_, step) => tokens[step * sentences + sentence]);
    return cutAtEnd(ids, alive[sentence]);
  });
}
