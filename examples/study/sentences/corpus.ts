import type { Random } from '../draws.ts';
import type { Pair } from './pair.ts';
import { sentence } from './sentence.ts';

/** How many pairs each part has. */
export interface CorpusSizes {
  readonly test: number;
  readonly dev: number;
  readonly train: number;
}

/**
 * Pairs for testing, for looking on the way, and for training. No sentence of `test` or `dev` is anywhere else, in either
 * language; `train` repeats itself, as what is short comes more often.
 * @param randomAt the numbers that pair `i` is drawn from: a pair does not depend on how many there are
 */
export function corpus(
  sizes: CorpusSizes,
  randomAt: (i: number) => Random,
): Record<keyof CorpusSizes, Pair[]> {
  const heldOut = new Set<string>();
  let next = 0;
  const drawn = (count: number, isNew: (pair: Pair) => boolean): Pair[] => {
    const pairs: Pair[] = [];
    while (pairs.length < count) {
      const pair = sentence(randomAt(next++));
      if (isNew(pair)) pairs.push(pair);
    }
    return pairs;
  };
  const isUnseen = ({ english, german }: Pair) => !heldOut.has(english) && !heldOut.has(german);
  const holdOut = (pair: Pair) => {
    if (!isUnseen(pair)) return false;
    heldOut.add(pair.english).add(pair.german);
    return true;
  };
  return {
    test: drawn(sizes.test, holdOut),
    dev: drawn(sizes.dev, holdOut),
    train: drawn(sizes.train, isUnseen),
  };
}
