import { checkNumber } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { requireTensor, type Shaped, shapeText } from './tensor.ts';

/** Keeps logarithms and roots finite in both packages of the paper. */
export const EPSILON = 1e-8;

/** Refuses a pair that is not two tensors of one shape. */
export function checkPair(pair: readonly Shaped[] | undefined, names: readonly [string, string]): void {
  if (pair?.length !== 2) {
    throw new UsageError(
      `the weight pair has ${pair?.length ?? 'no'} tensors, expected [${names.join(', ')}]`,
    );
  }
  pair.forEach((tensor, i) => {
    requireTensor(names[i], tensor);
  });
  const [first, second] = pair.map(({ shape }) => shapeText(shape));
  if (first !== second) {
    throw new UsageError(`${names[0]} is ${first} and ${names[1]} is ${second}, expected equal shapes`);
  }
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

/** Refuses a bound of `|log α|`; null and undefined are none. */
export function checkBound(name: string, bound: number | null | undefined): void {
  if (bound === undefined || bound === null) return;
  checkNumber(name, bound, (value) => value >= 0, 'a number from 0 up, or undefined for no bound');
}
