import { UsageError } from './errors.ts';

/** How a message shows what was given in place of something else. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  return `of type ${value.constructor?.name ?? 'Object'}`;
}

/**
 * Refuses what is no number, and a number that `accepts` does not.
 * @param expected what it should be, for the message
 */
export function checkNumber(
  name: string,
  value: number,
  accepts: (value: number) => boolean,
  expected: string,
): void {
  // Where types are not checked, a text would be added to numbers as a text.
  if (typeof value === 'number' && accepts(value)) return;
  throw new UsageError(`${name} is ${valueText(value)}, expected ${expected}`);
}

/**
 * Refuses options that lack what they must have, where types are not checked.
 * @param what takes them, for the message
 */
export function requireOptions<Options extends object>(
  what: string,
  options: Options,
  names: readonly (keyof Options & string)[],
): void {
  if (typeof options !== 'object' || options === null) {
    throw new UsageError(
      `${what}: options are ${valueText(options)}, expected an object with ${names.join(', ')}`,
    );
  }
  const missing = names.filter((name) => options[name] === undefined);
  if (missing.length > 0) throw new UsageError(`${what}: the options lack ${missing.join(', ')}`);
}

/** Refuses a word that is none of those there are. */
export function checkOneOf(name: string, value: string, words: readonly string[]): void {
  if (!words.includes(value)) throw new UsageError(`${name} is "${value}", expected ${words.join(', ')}`);
}
