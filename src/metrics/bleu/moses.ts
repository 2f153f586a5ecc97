import { isGermanPrefix } from './german-prefixes.ts';

/**
 * The steps of the paper's evaluation script `get_ende_bleu.sh`, byte for byte: the Moses scripts
 * `replace-unicode-punctuation.perl` and `tokenizer.perl -l de`, and the splitting of compounds at hyphens. Each takes and gives
 * one line without its newline; each takes time linear in its length.
 */

/**
 * Replaces typographic punctuation by ASCII, as Moses' `replace-unicode-punctuation.perl`: `“ ” ’ …` and full-width forms, but
 * not `„ ‘ ‚ « » – —`.
 */
export function replaceUnicodePunctuation(line: string): string {
  return line.replace(REPLACED, (match) => REPLACEMENTS.get(match[0])!);
}

/**
 * Tokenises German as Moses' `tokenizer.perl -l de` with escaping: tokens are separated by single spaces, and
 * `& | < > ' " [ ]` become entities. A line of white space alone is given back as it is.
 *
 * One thing is left out: the word `DOTMULTI`, with which the script marks runs of periods, is no special word here.
 */
export function tokenizeMoses(line: string): string {
  const text = collapseSpaces(line);
  if (text === '') return line;
  const spaced = collapseSpaces(text.replace(CONTROLS, ''))
    .replace(SYMBOLS, ' $& ')
    .replace(/\.{2,}/g, ' $& ');
  const separated = separateCommas(spaced).replaceAll("'", " ' ");
  return collapseSpaces(detachPeriods(separated)).replace(/[&|<>'"[\]]/g, (character) => ESCAPES[character]);
}

/**
 * Splits compounds at hyphens that have no blank on either side, `a-b` into `a ##AT##-##AT## b`.
 *
 * The original sees bytes and uses each up as it goes from left to right: a one-byte character between two hyphens joins to the
 * first one alone (`a-b-c` becomes `a ##AT##-##AT## b-c`), one of several bytes to both (`a-ä-b` is split twice).
 */
export function splitCompounds(line: string): string {
  return line.replace(COMPOUND, '$1 ##AT##-##AT## $2');
}

/**
 * Which line is the first that `tokenizeMoses` cannot have written, from 0: it leaves neither bare quotes, brackets and bars nor
 * commas at the end of words. -1 where there is none.
 */
export function findUntokenized(lines: readonly string[]): number {
  return lines.findIndex((line) => /["'<>|[\]]|[^ ],(?: |$)/.test(line));
}

const REPLACED = /[，、”“∶：？《》）！（；」「０-９～’…━〈〉【】％]|[。．] */g;

const REPLACEMENTS: ReadonlyMap<string, string> = new Map([
  ...pairs('，、∶：？！；', ',,::?!;'),
  ...pairs('”“《》」「', '""""""'),
  ...pairs('（）〈〉【】', '()<>[]'),
  ...pairs('～’━％', "~'-%"),
  ...pairs('０１２３４５６７８９', '0123456789'),
  ['…', '...'],
  ['。', '. '],
  ['．', '. '],
]);

function pairs(from: string, to: string): [string, string][] {
  return Array.from(from, (character, i) => [character, to[i]]);
}

/** What Perl takes for white space in text; `\s` of JavaScript lacks U+0085 and has U+FEFF. */
const SPACES = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

/** U+0000 to U+001F. */
const CONTROLS = /(?![\x7f-\x9f])\p{Cc}/gu;

/** All but letters, digits and what later rules decide on. */
const SYMBOLS = /[^\p{Alphabetic}\p{Nd} .'`,-]/gu;

function collapseSpaces(text: string): string {
  return text.replace(SPACES, ' ').replace(/^ | $/g, '');
}

/** Separates commas that do not stand between two numbers. */
function separateCommas(text: string): string {
  return text
    .replace(/(\P{N}),/gu, '$1 , ')
    .replace(/,(\P{N})/gu, ' , $1')
    .replace(/(\p{N}),$/u, '$1 ,');
}

/** Separates the final period of words, unless they are abbreviations, ordinals or followed by a word in lower case. */
function detachPeriods(text: string): string {
  // Two spaces in a row enclose an empty word, which counts as the next one.
  const words = text.replace(/ +$/, '').split(' ');
  return words
    .map((word, i) => (keepsPeriod(word, words[i + 1]) ? word : `${word.slice(0, -1)} .`))
    .join(' ');
}

/** @param next the next word, undefined for the last one. */
function keepsPeriod(word: string, next: string | undefined): boolean {
  if (!/[^.]\.$/.test(word)) return true;
  if (next === undefined) return false;
  const stem = word.slice(0, -1);
  return (
    (stem.includes('.') && /\p{Alphabetic}/u.test(stem)) ||
    isGermanPrefix(stem) ||
    /^\p{Lowercase}/u.test(next)
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '|': '&#124;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
  '[': '&#91;',
  ']': '&#93;',
};

/** Beside the hyphen an ASCII character, which is used up, or the end of another one, which is not. */
const COMPOUND = /((?<=[\x80-\uffff])|(?!\s)[^\x80-\uffff])-((?=[\x80-\uffff])|(?!\s)[^\x80-\uffff])/g;
