import { ceilDivide } from './kernel.ts';

/**
 * Rounds of loops that an invocation takes, with those of loops within loops: some adapters end all loops after so many in all.
 * The round in which a loop finds its end counts.
 */
export function loopRounds(times: number, within = 0): number {
  return times * (1 + within) + 1;
}

/** Rounds over `terms`, one a round, in blocks that are loops of their own. */
export function blockedRounds(terms: number, block: number): number {
  const blocks = ceilDivide(terms, block);
  return loopRounds(blocks) + blocks + terms;
}
