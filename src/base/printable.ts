/**
 * A text for people, on one line: names in a checkpoint, of files, of classes, and words of a vocabulary may hold anything, so
 * characters that would act on a terminal, or that are not seen though they change what is, are escaped: control characters,
 * line and paragraph separators, marks of writing direction, joiners and other formatting, and lone surrogates.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** As {@link printable}, of a text of several lines, which it keeps. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** A value as JSON in which such characters are escaped too, so that it can be shown as it stands and reads the same. */
export function printableJson(value: unknown): string {
  // Outside strings JSON has none but the spaces between its parts, which this form does not have.
  return JSON.stringify(value).replace(UNSAFE, (character) =>
    Array.from({ length: character.length }, (_, i) => unit(character.charCodeAt(i))).join(''),
  );
}

const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  return SHORT[character] ?? (code > 0xffff ? `\\u{${code.toString(16)}}` : unit(code));
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}
