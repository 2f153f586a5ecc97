/** Longest n-grams that BLEU counts. */
export const MAX_ORDER = 4;

/** All that BLEU depends on, of a sentence or, summed up, of a corpus. */
export interface NgramStatistics {
  /** Tokens. */
  readonly hypothesisLength: number;
  /** Tokens of the reference whose length is nearest, the shorter one of two as near. */
  readonly referenceLength: number;
  /** Of n-grams of 1 to 4 tokens those that a reference has too, each at most as often as the reference that has it most. */
  readonly counts: readonly number[];
  /** N-grams of 1 to 4 tokens in the hypothesis. */
  readonly totals: readonly number[];
}

/** Counts the n-grams of one sentence (Papineni et al. 2002, section 2). Tokens must be without spaces. */
export function ngramStatistics(
  hypothesis: readonly string[],
  references: readonly (readonly string[])[],
): NgramStatistics {
  const available = new Map<string, number>();
  for (const reference of references) {
    for (const [ngram, count] of countNgrams(reference)) {
      available.set(ngram, Math.max(count, available.get(ngram) ?? 0));
    }
  }
  const counts = new Array<number>(MAX_ORDER).fill(0);
  forEachNgram(hypothesis, (ngram, order) => {
    const left = available.get(ngram) ?? 0;
    if (left === 0) return;
    available.set(ngram, left - 1);
    counts[order - 1]++;
  });
  return {
    hypothesisLength: hypothesis.length,
    referenceLength: nearestLength(hypothesis.length, references),
    counts,
    totals: counts.map((_, i) => Math.max(0, hypothesis.length - i)),
  };
}

export function sumStatistics(sentences: readonly NgramStatistics[]): NgramStatistics {
  const orders = Array.from({ length: MAX_ORDER }, (_, i) => i);
  const sum = (field: (sentence: NgramStatistics) => number) =>
    sentences.reduce((total, sentence) => total + field(sentence), 0);
  return {
    hypothesisLength: sum(({ hypothesisLength }) => hypothesisLength),
    referenceLength: sum(({ referenceLength }) => referenceLength),
    counts: orders.map((i) => sum(({ counts }) => counts[i])),
    totals: orders.map((i) => sum(({ totals }) => totals[i])),
  };
}

function countNgrams(tokens: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  forEachNgram(tokens, (ngram) => found.set(ngram, (found.get(ngram) ?? 0) + 1));
  return found;
}

function forEachNgram(tokens: readonly string[], visit: (ngram: string, order: number) => void): void {
  for (let start = 0; start < tokens.length; start++) {
    let ngram = tokens[start];
    visit(ngram, 1);
    const longest = Math.min(MAX_ORDER, tokens.length - start);
    for (let order = 2; order <= longest; order++) {
      ngram += ` ${tokens[start + order - 1]}`;
      visit(ngram, order);
    }
  }
}

function nearestLength(length: number, references: readonly (readonly string[])[]): number {
  return references
    .map((reference) => reference.length)
    .reduce((nearest, other) => {
      const nearer = Math.abs(other - length) - Math.abs(nearest - length);
      return nearer < 0 || (nearer === 0 && other < nearest) ? other : nearest;
    });
}
