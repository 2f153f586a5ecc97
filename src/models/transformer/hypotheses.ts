import { FINISHED_WORDS, parentIn } from '../../graph/operations/search-operations.ts';
import { EOS } from './config.ts';

/** A translation as ids. */
export interface Hypothesis {
  /** Ends with EOS if it has ended; no padding. */
  readonly ids: number[];
  /**
   * Ended: log-probability over the length penalty `((5 + length) / 6)^alpha`. Cut off at the length limit, or greedy: the
   * log-probability itself.
   */
  readonly score: number;
  /** Whether the model ended it. */
  readonly ended: boolean;
}

/** What beam search leaves on the device, read back: `slots` = sentences · beam. */
export interface BeamRecord {
  readonly sentences: number;
  readonly beam: number;
  readonly steps: number;
  /** `[steps, slots]` */
  readonly tokens: Uint32Array;
  /** `[steps, slots]` with the slot within the sentence that each hypothesis grew from. */
  readonly lineage: Uint32Array;
  /** `[slots]` log-probabilities. */
  readonly alive: Float32Array;
  /** `[slots, 4]`, see `FINISHED_WORDS`. */
  readonly finished: Uint32Array;
}

/**
 * The hypotheses of every sentence, best first: those that have ended or, where none has, the ones still alive. A list may
 * be shorter than the beam: places that nothing ended in are left out.
 */
export function traceHypotheses(record: BeamRecord): Hypothesis[][] {
  const { sentences, beam } = record;
  return Array.from({ length: sentences }, (_, sentence) => {
    const ended = endedHypotheses(record, sentence);
    if (ended.length > 0) return ended;
    return Array.from({ length: beam }, (_, slot) => aliveHypothesis(record, sentence, slot));
  });
}

/**
 * The hypothesis of every sentence that is ahead before the search is over: the best that has ended or, where its normalised
 * score is higher, the best alive.
 * @param penalty the length penalty of as many tokens as there are steps
 */
export function leadingHypotheses(record: BeamRecord, penalty: number): Hypothesis[] {
  return Array.from({ length: record.sentences }, (_, sentence) => {
    const [ended] = endedHypotheses(record, sentence);
    const alive = aliveHypothesis(record, sentence, 0);
    return ended !== undefined && ended.score >= alive.score / penalty ? ended : alive;
  });
}

/** Best first. */
function endedHypotheses(record: BeamRecord, sentence: number): Hypothesis[] {
  const { beam, finished } = record;
  const ended: Hypothesis[] = [];
  for (let slot = 0; slot < beam; slot++) {
    const [scoreBits, stepAndFlag, parent, token] = finished.subarray(
      (sentence * beam + slot) * FINISHED_WORDS,
      (sentence * beam + slot + 1) * FINISHED_WORDS,
    );
    if ((stepAndFlag & 1) === 0) continue;
    const ids = [...path(record, sentence, parent, stepAndFlag >>> 1), token];
    ended.push({ ids, score: floatFromBits(scoreBits), ended: true });
  }
  return ended;
}

/** Slots stand in the order of their scores. */
function aliveHypothesis(record: BeamRecord, sentence: number, slot: number): Hypothesis {
  const { beam, steps, alive } = record;
  return {
    ids: path(record, sentence, slot, steps),
    score: alive[sentence * beam + slot],
    ended: false,
  };
}

/** Tokens of the first `steps` steps of the hypothesis that is in `slot` after them. */
function path(record: BeamRecord, sentence: number, slot: number, steps: number): number[] {
  const { sentences, beam, tokens, lineage } = record;
  const ids = new Array<number>(steps);
  let at = slot;
  for (let step = steps - 1; step >= 0; step--) {
    const index = (step * sentences + sentence) * beam + at;
    ids[step] = tokens[index];
    at = parentIn(lineage[index]);
  }
  return ids;
}

/** Greedy decoding goes on until all sentences have ended: what follows the first EOS is cut off. */
export function cutAtEnd(ids: readonly number[], score: number): Hypothesis {
  const end = ids.indexOf(EOS);
  return { ids: end < 0 ? [...ids] : ids.slice(0, end + 1), score, ended: end >= 0 };
}

function floatFromBits(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  return view.getFloat32(0);
}
