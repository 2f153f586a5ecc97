/** The next of a row of uniform numbers in [0, 1). */
export type Random = () => number;

/** A whole number in [0, count). */
export function below(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/** A whole number, both bounds included. */
export function between(random: Random, least: number, most: number): number {
  return least + below(random, most - least + 1);
}

/** A number in [least, most). */
export function within(random: Random, least: number, most: number): number {
  return least + (most - least) * random();
}

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[below(random, list.length)];
}

/** One of several, each as often as its share says; the shares need not sum to 1. */
export function pickByShare<T>(random: Random, list: readonly (readonly [share: number, value: T])[]): T {
  const sum = list.reduce((total, [share]) => total + share, 0);
  let at = random() * sum;
  for (const [share, value] of list) {
    at -= share;
    if (at < 0) return value;
  }
  return list[list.length - 1][1];
}

/** A number of mean 0 and variance 1 that is normal but for its tails: a sum of uniform numbers. */
export function normal(random: Random): number {
  return 2 * (random() + random() + random() - 1.5);
}
