import { UsageError } from '../base/errors.ts';
import { closest } from '../io/checkpoint/suggest.ts';

/**
 * The checkpoints that names and patterns mean, each once, in the order in which they are asked for. In a pattern `*` stands for
 * any characters and `?` for one. An ending `.tar` is passed over.
 * @throws {UsageError} for a name that there is none of, with the nearest, and a pattern that nothing fits.
 */
export function namedCheckpoints<T extends { readonly name: string }>(
  catalogue: readonly T[],
  wanted: readonly string[],
): T[] {
  const found = wanted.flatMap((each) =>
    /[*?]/.test(each) ? matching(catalogue, each.replace(/\.tar$/, '')) : [namedCheckpoint(catalogue, each)],
  );
  return [...new Set(found)];
}

/**
 * The checkpoint of a name, with or without `.tar`.
 * @throws {UsageError} where there is none; names the nearest.
 */
export function namedCheckpoint<T extends { readonly name: string }>(
  catalogue: readonly T[],
  wanted: string,
): T {
  const name = wanted.replace(/\.tar$/, '');
  const found = catalogue.find((checkpoint) => checkpoint.name === name);
  if (found !== undefined) return found;
  throw new UsageError(
    `no published checkpoint is called ${JSON.stringify(wanted)}${nearest(catalogue, name)}`,
  );
}

/** What to do about a name that there is not: take the nearest, or look it up. */
export function nearest(catalogue: readonly { readonly name: string }[], wanted: string): string {
  const [near] = closest(
    wanted,
    catalogue.map(({ name }) => name),
    1,
  );
  return near === undefined ? '; "tsos list" has their names' : `; did you mean ${near}?`;
}

function matching<T extends { readonly name: string }>(catalogue: readonly T[], pattern: string): T[] {
  const found = catalogue.filter(({ name }) => regExpOf(pattern).test(name));
  if (found.length > 0) return found;
  throw new UsageError(`no published checkpoint is called like "${pattern}"; "tsos list" has their names`);
}

function regExpOf(pattern: string): RegExp {
  const parts = Array.from(pattern, (character) => {
    if (character === '*') return '.*';
    return character === '?' ? '.' : character.replace(/[\\^$.+()[\]{}|/-]/, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}
