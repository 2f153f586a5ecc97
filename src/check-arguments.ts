import { UsageError } from './errors.ts';

/**
 * Refuses a number that `accepts` does not.
 * @param expected what it should be, for the message
 */
export function checkNumber(
  name: string,
  value: number,
  accepts: (value: number) => boolean,
  expected: string,
): void {
  if (!accepts(value)) throw new UsageError(`${name} is ${value}, expected ${expected}`);
}

/** Refuses a word that is none of those there are. */
export function checkOneOf(name: string, value: string, words: readonly string[]): void {
  if (!words.includes(value)) throw new UsageError(`${name} is "${value}", expected ${words.join(', ')}`);
}
