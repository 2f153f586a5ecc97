/** Stands for an escaped number that is no code point (the encoder's own choice, GETA MARK). */
const UNDEFINED_CHARACTER = '\u3013';

/** Characters the escapes are written with; they count as known even where no entry has them. */
export const ESCAPE_CHARACTERS = '\\_u;0123456789';

const RUNS = /[\p{L}\p{N}]+|[^\p{L}\p{N}]+/gu;
const STARTS_ALPHANUMERIC = /^[\p{L}\p{N}]/u;
const ESCAPE = /\\u|\\\\|\\([0-9]+);/g;

/**
 * Cuts a text into runs of alphanumeric and other characters. A single space between two runs is left out, being what
 * {@link joinWords} puts between alphanumeric ones; at either end of the text it stays.
 */
export function splitWords(text: string): string[] {
  const runs = text.match(RUNS) ?? [];
  return runs.filter((run, i) => run !== ' ' || i === 0 || i === runs.length - 1);
}

/** The text of words, with a space between two alphanumeric ones. */
export function joinWords(words: readonly string[]): string {
  let text = '';
  let previous = false;
  for (const word of words) {
    const alphanumeric = STARTS_ALPHANUMERIC.test(word);
    text += previous && alphanumeric ? ` ${word}` : word;
    previous = alphanumeric;
  }
  return text;
}

/** Undoes {@link escapeWord}, but for the end of the word. */
export function unescapeWord(escaped: string): string {
  return escaped.replace(ESCAPE, (sequence, digits: string | undefined) => {
    if (digits === undefined) return sequence === '\\u' ? '_' : '\\';
    const codePoint = Number(digits);
    return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : UNDEFINED_CHARACTER;
  });
}

/**
 * A word as the entries of a vocabulary spell it: characters it has no entry for by their number, `_` at the end.
 * @param alphabet characters there are entries for
 */
export function escapeWord(word: string, alphabet: ReadonlySet<string>): string {
  let escaped = '';
  for (const character of word.replaceAll('\\', '\\\\').replaceAll('_', '\\u')) {
    const known = character !== '\n' && alphabet.has(character);
    escaped += known ? character : `\\${character.codePointAt(0)};`;
  }
  return `${escaped}_`;
}
