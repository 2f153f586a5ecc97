/**
 * Python 3's conventions for text where JavaScript's differ: the original's decoding strips and counts by them, and its
 * output is compared character by character.
 */

/** What `str.strip` and `str.split` take for whitespace; `\s` lacks U+001C–001F and U+0085, and has U+FEFF. */
const WHITESPACE = new Set(
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
);

/** `text.strip()` */
export function stripWhitespace(text: string): string {
  const stripped = stripTrailingWhitespace(text);
  let start = 0;
  while (start < stripped.length && WHITESPACE.has(stripped[start])) start++;
  return stripped.slice(start);
}

/** `text.rstrip()` */
export function stripTrailingWhitespace(text: string): string {
  let end = text.length;
  while (end > 0 && WHITESPACE.has(text[end - 1])) end--;
  return text.slice(0, end);
}

/** `len(text.split())` */
export function countWords(text: string): number {
  let words = 0;
  let inWord = false;
  for (let i = 0; i < text.length; i++) {
    const space = WHITESPACE.has(text[i]);
    if (!space && !inWord) words++;
    inWord = !space;
  }
  return words;
}

/** `repr(value)` of a finite float: the shortest digits that read back as the same number, always with a point or exponent. */
export function formatFloat(value: number): string {
  const [mantissa, exponent] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 16) {
    return `${mantissa}e${exponent[0]}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
