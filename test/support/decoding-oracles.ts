/*
 * Beam search and greedy decoding as the specification has them (transformer, 4.4–4.7): whole sequences are copied, lists
 * are sorted. Scores are rounded to float32 after each operation, because the large constant that rules hypotheses out
 * swallows small differences, which makes ties.
 */

const NEVER = -1e7;
const END = 1;

/** A hypothesis that may be continued, as the model sees it. */
export interface Prefix {
  readonly sentence: number;
  /** Its place among the hypotheses of the sentence. */
  readonly slot: number;
  readonly step: number;
  /** The token before; 0 at first. */
  readonly last: number;
}

/** Log-probabilities of all tokens after a prefix. */
export type Model = (prefix: Prefix) => ArrayLike<number>;

export interface BeamSearchOptions {
  readonly sentences: number;
  readonly beam: number;
  readonly limit: number;
  /** What scores of hypotheses of so many tokens are divided by. */
  readonly penalty: (length: number) => number;
  /** Stop by the best finished hypothesis of each sentence; else by the worst of all. */
  readonly stopEarly: boolean;
}

/** A hypothesis with what it is ranked by. */
export interface Ranked {
  readonly ids: readonly number[];
  readonly score: number;
}

/** What the search knows of one sentence. */
interface Sentence {
  /** Scores are log-probabilities. */
  alive: Ranked[];
  finished: (Ranked & { readonly ended: boolean })[];
}

export interface BeamSearchResult {
  readonly steps: number;
  /** Per sentence, best first: the alive hypotheses, and the finished ones without the empty places. */
  readonly sentences: readonly { readonly alive: readonly Ranked[]; readonly finished: readonly Ranked[] }[];
  /** The closest that two scores came to each other without being equal, where their order mattered. */
  readonly margin: number;
}

export function beamSearchOracle(model: Model, options: BeamSearchOptions): BeamSearchResult {
  const { beam, limit, penalty } = options;
  const sentences = Array.from({ length: options.sentences }, (): Sentence => {
    const list = Array.from({ length: beam }, (_, slot) => ({ ids: [], score: slot === 0 ? 0 : NEVER }));
    return { alive: list, finished: list.map(({ ids }) => ({ ids, score: NEVER, ended: false })) };
  });
  let margin = Number.POSITIVE_INFINITY;
  let step = 0;
  for (; step < limit && !allDecided(sentences, options); step++) {
    const divisor = penalty(step + 1);
    for (const [index, sentence] of sentences.entries()) {
      const continuations = sentence.alive.flatMap(({ ids, score }, slot) =>
        Array.from(model({ sentence: index, slot, step, last: ids.at(-1) ?? 0 }), (logp, token) => ({
          ids: [...ids, token],
          score: Math.fround(Math.fround(score + logp) / divisor),
        })),
      );
      const ranked = best(continuations, 2 * beam + 1, ({ score }) => score);
      const candidates = ranked
        .slice(0, 2 * beam)
        .map((candidate) => ({ ...candidate, ended: candidate.ids.at(-1) === END }));
      sentence.alive = best(candidates, beam, ({ score, ended }) =>
        Math.fround(score + (ended ? NEVER : 0)),
      ).map(({ ids, score }) => ({ ids, score: Math.fround(score * divisor) }));
      const ending = candidates.map((candidate) => ({
        ...candidate,
        score: Math.fround(candidate.score + (candidate.ended ? 0 : NEVER)),
      }));
      sentence.finished = best([...sentence.finished, ...ending], beam, ({ score }) => score);
      const reachable = Math.fround(sentence.alive[0].score / penalty(limit));
      const decisive = sentence.finished.map(({ score }) => score - reachable);
      margin = Math.min(margin, closest(ranked), closest(sentence.finished), ...decisive.map(Math.abs));
    }
  }
  return {
    steps: step,
    sentences: sentences.map(({ alive, finished }) => ({
      alive,
      finished: finished.filter(({ ended }) => ended).map(({ ids, score }) => ({ ids, score })),
    })),
    margin,
  };
}

function allDecided(
  sentences: readonly Sentence[],
  { stopEarly, penalty, limit }: BeamSearchOptions,
): boolean {
  const worst = Math.min(...sentences.flatMap(({ finished }) => finished.map(({ score }) => score)));
  return sentences.every(({ alive, finished }) => {
    const reachable = Math.fround(alive[0].score / penalty(limit));
    return (stopEarly ? finished[0].score : worst) > reachable;
  });
}

/** The smallest difference of neighbours in a sorted list that is not zero. */
function closest(list: readonly Ranked[]): number {
  const gaps = list.slice(1).map(({ score }, i) => list[i].score - score);
  return Math.min(...gaps.filter((gap) => gap > 0));
}

/** The largest by a key, of equal ones the earlier first. */
function best<Item>(items: readonly Item[], count: number, key: (item: Item) => number): Item[] {
  return [...items].sort((a, b) => key(b) - key(a)).slice(0, count);
}

export interface GreedyResult {
  readonly steps: number;
  /** Per sentence all tokens, also those after its end. */
  readonly sentences: readonly Ranked[];
}

export function greedyOracle(model: Model, sentences: number, limit: number): GreedyResult {
  let hypotheses: Ranked[] = Array.from({ length: sentences }, () => ({ ids: [], score: 0 }));
  let step = 0;
  for (; step < limit && !hypotheses.every(({ ids }) => ids.includes(END)); step++) {
    hypotheses = hypotheses.map(({ ids, score }, sentence) => {
      const logp = Array.from(model({ sentence, slot: 0, step, last: ids.at(-1) ?? 0 }));
      const token = logp.indexOf(Math.max(...logp));
      return { ids: [...ids, token], score: score + logp[token] };
    });
  }
  return { steps: step, sentences: hypotheses };
}
