import { hardConcreteGate, variationalDropoutKeeps } from '../base/numerics.ts';
import type { Technique } from '../base/technique.ts';

/** How a technique makes a weight of what is stored. */
export interface WeightRule {
  /** Where this is 0, so is the weight that comes out; undefined: nothing is known. */
  readonly selector: 'weights' | 'companions' | undefined;
  readonly value: (weight: number, companion: number) => number;
}

/** The weight a sparse model computes with at evaluation, in float32. */
export function effectiveWeight(technique: Technique, threshold: number): WeightRule {
  switch (technique) {
    case 'dense':
      return { selector: 'weights', value: (weight) => weight };
    case 'magnitude_pruning':
    case 'random_pruning':
      return { selector: 'companions', value: (weight, mask) => Math.fround(weight * mask) };
    case 'variational_dropout':
      return {
        selector: 'weights',
        value: (weight, logSigma2) => (variationalDropoutKeeps(weight, logSigma2, threshold) ? weight : 0),
      };
    case 'l0_regularization':
      // A gate that is no number must be found out even where the weight is 0.
      return {
        selector: undefined,
        value: (weight, logAlpha) => Math.fround(weight * hardConcreteGate(logAlpha)),
      };
  }
}

/** 1 where the technique keeps a weight, else 0. */
export function keptWeight(technique: Technique, threshold: number): WeightRule {
  switch (technique) {
    case 'dense':
      return { selector: 'weights', value: (weight) => Number(weight !== 0) };
    case 'magnitude_pruning':
    case 'random_pruning':
      return { selector: 'companions', value: (_, mask) => Number(mask !== 0) };
    case 'variational_dropout':
      return {
        selector: undefined,
        value: (weight, logSigma2) => Number(variationalDropoutKeeps(weight, logSigma2, threshold)),
      };
    case 'l0_regularization':
      return { selector: undefined, value: (_, logAlpha) => Number(hardConcreteGate(logAlpha) !== 0) };
  }
}
