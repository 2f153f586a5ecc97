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
 * Reads `0.9`, `0.5..0.9`, `0.5..` or `..0.9`. A number stands for all that are the same but for a two-hundredth of its last
 * digit: what was measured as 0.900000691 is written 0.9 by people.
 * @throws {UsageError} for anything else, and where the ends are the wrong way round.
 */
export function parseRange(text: string): Range {
  const [, single, from = '-Infinity', to = 'Infinity'] = RANGE.exec(text) ?? [];
  if (!RANGE.test(text) || text === '..') {
    throw new UsageError(`"${text}" is neither a number nor a range such as 0.5..0.9`);
  }
  const [first, last] = single === undefined ? [from, to] : [single, single];
  const [least, most] = [Number(first) - slackOf(first), Number(last) + slackOf(last)];
  if (Number(first) > Number(last))
    throw new UsageError(`the range ${text} is empty: write the smaller number first`);
  return { least, most };
}

function slackOf(number: string): number {
  const [, decimals = '', exponent = '0'] = /^[^.e]*(?:\.(\d*))?(?:e(.*))?$/i.exec(number) ?? [];
  return Number.isFinite(Number(number)) ? 0.005 * 10 ** (Number(exponent) - decimals.length) : 0;
}

export function isWithin(value: number, { least, most }: Range): boolean {
  return least <= value && value <= most;
}
