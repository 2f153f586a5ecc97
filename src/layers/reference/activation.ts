import { checkOneOf } from '../../base/check-arguments.ts';
import { sigmoid } from './sigmoid.ts';

/** A function of single numbers, with its derivative in terms of argument and value. */
export interface Activation {
  readonly of: (x: number) => number;
  readonly slope: (x: number, value: number) => number;
}

/** An activation that layers and cells know by name. */
export type ActivationName = 'linear' | 'relu' | 'sigmoid' | 'tanh';

/** What their names stand for. */
export const ACTIVATIONS: Readonly<Record<ActivationName, Activation>> = {
  linear: { of: (x) => x, slope: () => 1 },
  relu: { of: (x) => Math.max(0, x), slope: (x) => (x > 0 ? 1 : 0) },
  sigmoid: { of: sigmoid, slope: (_, value) => value * (1 - value) },
  tanh: { of: Math.tanh, slope: (_, value) => 1 - value * value },
};

/** Refuses a name that is none of the activations'. */
export function checkActivation(name: ActivationName): void {
  checkOneOf('activation', name, Object.keys(ACTIVATIONS));
}
