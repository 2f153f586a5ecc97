import { UsageError } from '../base/errors.ts';

/** Numbers from `least` to `most`, both included. */
export interface Range {
  /** The lower bound, itself inside. */
  readonly least: number;
  /** The upper bound, itself inside. */
  readonly most: number;
}

const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const RANGE = new RegExp(String.raw`^(?:(${NUMBER})|(${NUMBER})?\.\.(${NUMBER})?)$`);

/**
 * Reads `0.9`, `0.5..0.9`, `0.5..` or `..0.9`.
 * @throws {UsageError} for anything else, and where the ends are the wrong way round.
 */
export function parseRange(text: string): Range {
  const [, single, from = '-Infinity', to = 'Infinity'] = RANGE.exec(text) ?? [];
  if (!RANGE.test(text) || text === '..') {
    throw new UsageError(`"${text}" is neither a number nor a range such as 0.5..0.9`);
  }
  const [least, most] = single === undefined ? [Number(from), Number(to)] : [Number(single), Number(single)];
  if (least > most) throw new UsageError(`the range ${text} is empty: write the smaller number first`);
  return { least, most };
}

export function isWithin(value: number, { least, most }: Range): boolean {
  return least <= value && value <= most;
}
