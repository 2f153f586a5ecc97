import { InvalidArgumentError } from '@commander-js/extra-typings';
import { STDIN } from '../../io/files/read-file.ts';

/**
 * The value of an option that is a finite number.
 * @throws {InvalidArgumentError} where it is none.
 */
export function number(value: string): number {
  const isWritten = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value);
  if (isWritten && Number.isFinite(Number(value))) return Number(value);
  throw new InvalidArgumentError('It must be a number.');
}

/** Reads the value of an option that is a whole number, not below the least, and not above the most. */
export function wholeNumber(
  least = Number.MIN_SAFE_INTEGER,
  most = Number.MAX_SAFE_INTEGER,
): (value: string) => number {
  return (value) => {
    const whole = number(value);
    if (Number.isSafeInteger(whole) && whole >= least && whole <= most) return whole;
    const from = least >= 0 ? ` from ${least}` : '';
    const to = most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : '';
    throw new InvalidArgumentError(`It must be a whole number${from}${to}.`);
  };
}

/** One part of a work that several machines share. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * Part `i/n` of a work, i from 0.
 * @throws {InvalidArgumentError} where it is none.
 */
export function shard(value: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(value)?.map(Number) ?? [];
  if (index !== undefined && index < count) return { index, count };
  throw new InvalidArgumentError('It must be i/n with i from 0 to n - 1.');
}

/** Reads an option that may be given several times. */
export function each(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** A file that is read from its beginning to its end: `-` stands for what comes from stdin. */
export function inputFile(value: string): string {
  return value === '-' ? STDIN : value;
}

/** As {@link inputFile}, of an option that may be given several times. */
export function eachInputFile(value: string, before: readonly string[] | undefined): readonly string[] {
  return each(inputFile(value), before);
}
