import { DataError } from '../../base/errors.ts';
import { stripTrailingWhitespace } from '../../base/python-text.ts';
import { ESCAPE_CHARACTERS, escapeWord, joinWords, splitWords, unescapeWord } from './words.ts';

/** Words whose ids are remembered; beyond that all are forgotten and gathered anew. */
const CACHED_WORDS = 1 << 16;

/** What a caller knows of the vocabulary to read. */
export interface VocabularyOptions {
  /** Number of entries the caller's model has. */
  readonly expectedSize?: number;
}

/**
 * Decodes a Tensor2Tensor subword vocabulary: UTF-8, one quoted entry a line, the line number is the id.
 * @param file what errors call it
 * @throws {DataError} where it is empty, is no UTF-8 or has another size than expected.
 */
export function decodeVocabulary(
  bytes: Uint8Array,
  file: string,
  options: VocabularyOptions = {},
): Vocabulary {
  const vocabulary = parseVocabulary(decodeText(bytes, file));
  const { expectedSize = vocabulary.size } = options;
  if (vocabulary.size === 0) throw new DataError('empty vocabulary', { file });
  if (vocabulary.size !== expectedSize) {
    throw new DataError(
      `vocabulary of ${vocabulary.size} entries where the model has ${expectedSize}: take the one the model was trained with`,
      { file },
    );
  }
  return vocabulary;
}

/** Parses the text of a vocabulary file. Lines end at U+000A only: entries contain other separators. */
export function parseVocabulary(text: string): Vocabulary {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return new Vocabulary(lines.map(unquote));
}

/**
 * Entries of a subword vocabulary, and Tensor2Tensor's invertible coding of text by them.
 *
 * `decode(encode(text))` is `text` for every string, newlines, runs of spaces, spaces at either end and unpaired
 * surrogates included (these are escaped by their number like any character the vocabulary lacks), as long as the
 * entries contain each of their characters, and those of the escapes, on its own (the published vocabulary does); where
 * they do not, `encode` throws for text that needs the missing one.
 */
export class Vocabulary {
  /** Entries by id. */
  readonly tokens: readonly string[];
  readonly #ids = new Map<string, number>();
  readonly #alphabet = new Set<string>(ESCAPE_CHARACTERS);
  readonly #longest: number;
  readonly #wordIds = new Map<string, readonly number[]>();

  /** A vocabulary of these entries. @param tokens by id; of equal ones the last is used for encoding, empty ones never are. */
  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
    let longest = 0;
    for (const [id, token] of tokens.entries()) {
      if (token !== '') this.#ids.set(token, id);
      for (const character of token) this.#alphabet.add(character);
      longest = Math.max(longest, token.length);
    }
    this.#longest = longest;
  }

  /** How many entries there are. */
  get size(): number {
    return this.tokens.length;
  }

  /**
   * Ids of a text, without an end-of-sentence id.
   * @throws {DataError} where the vocabulary lacks an entry for one of its own characters.
   */
  encode(text: string): number[] {
    const ids: number[] = [];
    for (const word of splitWords(text)) for (const id of this.#encodeWord(word)) ids.push(id);
    return ids;
  }

  /**
   * Text of ids; those outside the vocabulary count as empty. Ids of padding and end of sentence are not treated
   * apart.
   */
  decode(ids: Iterable<number>): string {
    let escaped = '';
    for (const id of ids) escaped += this.tokens[id] ?? '';
    const words = escaped.split('_').map(unescapeWord);
    return joinWords(words.filter((word) => word !== ''));
  }

  #encodeWord(word: string): readonly number[] {
    const known = this.#wordIds.get(word);
    if (known !== undefined) return known;
    const ids = this.#segment(escapeWord(word, this.#alphabet));
    if (this.#wordIds.size >= CACHED_WORDS) this.#wordIds.clear();
    this.#wordIds.set(word, ids);
    return ids;
  }

  /**
   * Greedy longest match from the left. UTF-16 units serve as well as code points: escaped words have no unpaired
   * surrogates, so no entry matches half a pair.
   */
  #segment(escaped: string): number[] {
    const ids: number[] = [];
    let start = 0;
    while (start < escaped.length) {
      let end = Math.min(escaped.length, start + this.#longest);
      let id = this.#ids.get(escaped.slice(start, end));
      while (id === undefined && end > start + 1) id = this.#ids.get(escaped.slice(start, --end));
      if (id === undefined) {
        throw new DataError(
          `vocabulary has no entry for ${JSON.stringify(String.fromCodePoint(escaped.codePointAt(start)!))} in ${JSON.stringify(escaped)}`,
        );
      }
      ids.push(id);
      start = end;
    }
    return ids;
  }
}

function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new DataError('vocabulary is not valid UTF-8', { file }, { cause });
  }
}

function unquote(line: string): string {
  const entry = stripTrailingWhitespace(line);
  const quoted = ["'", '"'].some((quote) => entry.startsWith(quote) && entry.endsWith(quote));
  return quoted ? entry.slice(1, -1) : entry;
}
