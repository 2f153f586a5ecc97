import { checkNumber, requireOptions } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { ESCAPE_CHARACTERS, escapeWord, splitWords } from './words.ts';

/** What every vocabulary of Tensor2Tensor begins with: padding is 0, the end of a sentence 1. */
const RESERVED = ['<pad>', '<EOS>'];

/** Rounds in which the subwords of one round cut the words for the next. */
const ROUNDS = 4;

/** Bounds between which the least count is looked for. */
const LEAST_COUNT = 1;
const LARGEST_COUNT = 1000;

/** How a vocabulary is built. */
export interface BuildVocabularyOptions {
  /** Entries that are aimed at; what comes out is within 1 % of it where the texts allow that. */
  readonly size: number;
  /** Entries have fewer characters than this, as with Tensor2Tensor's option of the name; any number unless given. */
  readonly maxSubtokenLength?: number | undefined;
}

/**
 * Entries of a subword vocabulary for the words of some texts, by the rule of Tensor2Tensor's `build_to_target_size`: a
 * bisection on the count that a subword must have.
 *
 * @param counts how often each word occurs, see {@link countWords}
 * @returns entries by id; what `formatVocabulary` writes and `Vocabulary` takes
 * @throws {UsageError} for a size or a length that is no whole number above 0, and where there is no word.
 */
export function buildVocabulary(
  counts: ReadonlyMap<string, number>,
  options: BuildVocabularyOptions,
): string[] {
  requireOptions('buildVocabulary', options, ['size']);
  const { size, maxSubtokenLength = Number.POSITIVE_INFINITY } = options;
  checkNumber('size', size, isCount, 'a whole number above 0');
  checkNumber('maxSubtokenLength', maxSubtokenLength, (length) => length > 1, 'a number above 1');
  const maxLength = maxSubtokenLength - 1;
  if (counts.size === 0) throw new UsageError('there is no word to build a vocabulary from');
  const alphabet = alphabetOf(counts.keys());
  const words = [...counts].map(([word, count]) => ({ word: escapeWord(word, alphabet), count }));
  const bisect = (least: number, most: number): string[] => {
    const middle = Math.floor((least + most) / 2);
    const entries = subwordsOf(words, alphabet, { leastCount: middle, maxLength });
    const miss = Math.abs(entries.length - size);
    if (miss * 100 < size || least >= most || middle < 2) return entries;
    const other = entries.length > size ? bisect(middle + 1, most) : bisect(least, middle - 1);
    return Math.abs(other.length - size) < miss ? other : entries;
  };
  return bisect(LEAST_COUNT, LARGEST_COUNT);
}

/** Adds the words of a text to their counts. */
export function countWords(counts: Map<string, number>, text: string): void {
  for (const word of splitWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
}

/** A vocabulary file: one quoted entry a line. */
export function formatVocabulary(entries: readonly string[]): string {
  return entries.map((entry) => `'${entry}'\n`).join('');
}

interface CountedWord {
  /** Escaped. */
  readonly word: string;
  readonly count: number;
}

/** The vocabulary in which every subword occurs so often. */
function subwordsOf(
  words: readonly CountedWord[],
  alphabet: ReadonlySet<string>,
  { leastCount, maxLength }: { readonly leastCount: number; readonly maxLength: number },
): string[] {
  let entries: readonly string[] = [...alphabet];
  for (let round = 0; round < ROUNDS; round++) {
    const counts = substringCounts(words, new Set(entries), maxLength);
    entries = mostFrequent(counts, alphabet, leastCount);
  }
  return [...RESERVED.map((token) => escapeWord(token, alphabet)), ...entries];
}

/** Counts every substring that begins where the subwords, each as long as possible, cut a word. */
function substringCounts(
  words: readonly CountedWord[],
  subwords: ReadonlySet<string>,
  maxLength: number,
): Map<string, number> {
  const longest = Math.max(...Array.from(subwords, (subword) => [...subword].length));
  const counts = new Map<string, number>();
  for (const { word, count } of words) {
    const characters = [...word];
    for (let start = 0; start < characters.length; ) {
      let cut = start + 1;
      let substring = '';
      const end = Math.min(characters.length, start + Math.max(longest, maxLength));
      for (let next = start + 1; next <= end; next++) {
        substring += characters[next - 1];
        if (next - start <= longest && subwords.has(substring)) cut = next;
        if (next - start <= maxLength) counts.set(substring, (counts.get(substring) ?? 0) + count);
      }
      start = cut;
    }
  }
  return counts;
}

/**
 * Substrings with the least count, longest first: what one counts is taken off its prefixes, which are only wanted as far as they
 * occur elsewhere. The alphabet joins whatever it counts. Ordered by count, then by code points, both descending.
 */
function mostFrequent(
  counts: Map<string, number>,
  alphabet: ReadonlySet<string>,
  leastCount: number,
): string[] {
  const byLength: string[][] = [];
  for (const [substring, count] of counts) {
    if (count < leastCount) continue;
    const { length } = [...substring];
    byLength[length] ??= [];
    byLength[length].push(substring);
  }
  const taken: string[] = [];
  for (const substring of byLength.reverse().flat()) {
    const count = counts.get(substring)!;
    if (count < leastCount) continue;
    if (!alphabet.has(substring)) taken.push(substring);
    let prefix = '';
    for (const character of [...substring].slice(0, -1)) {
      prefix += character;
      counts.set(prefix, counts.get(prefix)! - count);
    }
  }
  const countOf = (entry: string): number => counts.get(entry) ?? 0;
  return [...taken, ...alphabet].sort((a, b) => countOf(b) - countOf(a) || byCodePoints(b, a));
}

/** Characters of words and reserved tokens, and those of the escapes. */
function alphabetOf(words: Iterable<string>): Set<string> {
  const alphabet = new Set<string>(ESCAPE_CHARACTERS);
  for (const word of [...words, ...RESERVED]) for (const character of word) alphabet.add(character);
  // The end of a line cannot stand in one: words spell it by its number.
  alphabet.delete('\n');
  return alphabet;
}

/** Python compares code points; UTF-16 units would put those beyond the basic plane before some within. */
function byCodePoints(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i].codePointAt(0)! - right[i].codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
