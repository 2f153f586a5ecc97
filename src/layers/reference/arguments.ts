import { UsageError } from '../../errors.ts';
import { type Shaped, shapeText } from './tensor.ts';

/** Keeps logarithms and roots finite in both packages of the paper. */
export const EPSILON = 1e-8;

/** Refuses a pair that is not two tensors of one shape. */
export function checkPair(pair: readonly Shaped[], names: readonly [string, string]): void {
  if (pair.length !== 2) {
    throw new UsageError(`the weight pair has ${pair.length} tensors, expected [${names.join(', ')}]`);
  }
  const [first, second] = pair.map(({ shape }) => shapeText(shape));
  if (first !== second) {
    throw new UsageError(`${names[0]} is ${first} and ${names[1]} is ${second}, expected equal shapes`);
  }
}

/** Refuses a number that `accepts` does not. */
export function checkNumber(
  name: string,
  value: number,
  accepts: (value: number) => boolean,
  expected: string,
): void {
  if (!accepts(value)) throw new UsageError(`${name} is ${value}, expected ${expected}`);
}

export function checkEpsilon(epsilon: number): void {
  checkNumber(
    'epsilon',
    epsilon,
    (value) => value >= 0 && value < Number.POSITIVE_INFINITY,
    'a finite number from 0 up',
  );
}

export function checkThreshold(threshold: number): void {
  checkNumber('threshold', threshold, (value) => !Number.isNaN(value), 'a number');
}
