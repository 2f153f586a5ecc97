import type { RoundOptions } from './measure.ts';

/** How much a benchmark does: all of it, less than 50 s of it on two cores, or just enough to see that it works. */
export type Scale = 'full' | 'quick' | 'smoke';

/** Rounds of each comparison. */
export const ROUNDS: Readonly<Record<Scale, RoundOptions>> = {
  full: { budgetMs: 2000, minRounds: 3 },
  quick: { budgetMs: 400, minRounds: 2 },
  smoke: { budgetMs: 0, minRounds: 1 },
};
