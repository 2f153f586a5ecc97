import { stripTrailingWhitespace } from '../../base/python-text.ts';

/**
 * The tokenisers of sacreBLEU, applied like there to a raw, detokenised line whose trailing white space does not count. Each takes
 * time linear in the length of the line.
 */

/** `13a`: the tokeniser of mteval-v13a, which WMT used; sacreBLEU's default. */
export function tokenize13a(line: string): string[] {
  const text = stripTrailingWhitespace(line)
    .replaceAll('<skipped>', '')
    .replaceAll('-\n', '')
    .replaceAll('\n', ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
  return splitWords(
    ` ${text} `
      .replace(/[{-~[-` -&(-+:-@/]/g, ' $& ')
      .replace(/([^0-9])([.,])/gu, '$1 $2 ')
      .replace(/([.,])([^0-9])/gu, ' $1 $2')
      .replace(/([0-9])-/g, '$1 - '),
  );
}

/** `intl`: the tokeniser of mteval-v14 with `--international-tokenization`: separates all punctuation and symbols. */
export function tokenizeIntl(line: string): string[] {
  return splitWords(
    stripTrailingWhitespace(line)
      .replace(/(\P{N})(\p{P})/gu, '$1 $2 ')
      .replace(/(\p{P})(\P{N})/gu, ' $1 $2')
      .replace(/\p{S}/gu, ' $& '),
  );
}

/** `none`: the words between white space as Python sees it. */
export function splitWords(line: string): string[] {
  return line.match(WORDS) ?? [];
}

/** White space of Python, which unlike JavaScript's has U+001C–001F and U+0085, and lacks U+FEFF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are white space to Python.
const WORDS = /[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;
