import { DataError } from '../../base/errors.ts';

/** What a file must be, and who says so. */
export interface Pin {
  /** MD5 or SHA-256, in hexadecimal. */
  readonly hash: string;
  /** Who says so. */
  readonly by: string;
}

const PLAIN = /^\\?([0-9a-f]{64}|[0-9a-f]{32})[ \t]+\*?(.+)$/i;
const TAGGED = /^(?:SHA256|MD5) ?\((.+)\) ?= ?([0-9a-f]{64}|[0-9a-f]{32})$/i;

/**
 * Parses what `sha256sum` and `md5sum` print, with `--tag` or without.
 * @param file what errors and pins are to call it.
 * @returns a pin for each name.
 * @throws {DataError} where a line is something else.
 */
export function parseChecksums(text: string, file: string): ReadonlyMap<string, Pin> {
  const pins = new Map<string, Pin>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const [, hash, name] = PLAIN.exec(line) ?? reversed(TAGGED.exec(line)) ?? [];
    if (hash === undefined) throw new DataError(`line ${i + 1} is no line of sha256sum`, { file });
    pins.set(name, { hash: hash.toLowerCase(), by: file });
  }
  return pins;
}

/** The pin of a file: of its name, with or without folders before it. */
export function pinOf(pins: ReadonlyMap<string, Pin>, path: string): Pin | undefined {
  const name = baseOf(path);
  return Array.from(pins).find(([pinned]) => baseOf(pinned) === name)?.[1];
}

function reversed(match: RegExpExecArray | null): string[] | undefined {
  return match === null ? undefined : [match[0], match[2], match[1]];
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
