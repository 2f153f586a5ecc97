import { DeviceTooSmallError, OutOfMemoryError } from '../../base/errors.ts';

/** How much of a batch the device could work on at once. */
export interface MicroBatches<Part> {
  /** What it is asked to, and whatever is smaller and makes a batch too, in falling order: tokens or pictures. */
  readonly sizes: readonly number[];
  /** Parts of so much that need the most of the device; what is in them is of no matter. */
  largestParts(size: number): readonly Part[];
}

/**
 * Finds out whether a device has room for a training, and if it has not, for what it has.
 * @param allocate takes what a part needs and gives it back; throws where there is no room
 * @throws {DeviceTooSmallError} that says what is needed, what there is, and what would fit.
 */
export async function requireRoom<Part>(
  { sizes, largestParts }: MicroBatches<Part>,
  allocate: (part: Part) => Promise<void>,
): Promise<void> {
  const lackAt = async (size: number): Promise<Lack | undefined> => {
    for (const part of largestParts(size)) {
      try {
        await allocate(part);
      } catch (error) {
        if (error instanceof DeviceTooSmallError || error instanceof OutOfMemoryError) return error;
        throw error;
      }
    }
    return undefined;
  };
  const [wanted, ...smaller] = sizes;
  const cause = await lackAt(wanted);
  if (cause === undefined) return;
  const fitting = await firstWhere(smaller, async (size) => (await lackAt(size)) === undefined);
  const advice =
    fitting === undefined
      ? `no --micro-batch fits, not even ${sizes.at(-1)}; train a smaller model, on shorter sentences or smaller pictures, or take another adapter.`
      : `the largest --micro-batch that fits is ${fitting}.`;
  throw DeviceTooSmallError.of(
    `No room for a training that works on ${wanted} at once. ${cause.shortfall}`,
    advice,
    { cause },
  );
}

type Lack = DeviceTooSmallError | OutOfMemoryError;

/** The first item that holds, where all behind one that holds do; by bisection. */
async function firstWhere<T>(
  items: readonly T[],
  holds: (item: T) => Promise<boolean>,
): Promise<T | undefined> {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (await holds(items[middle])) high = middle;
    else low = middle + 1;
  }
  return items[low];
}
