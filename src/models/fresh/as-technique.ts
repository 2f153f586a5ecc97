import { COMPANION_LEAF, isPruning, type Technique } from '../../base/technique.ts';
import type { ModelVariable } from '../full-size/model-variable.ts';
import { FRESH_COUNTERS, type FreshCounter, type FreshVariable } from './fresh-variable.ts';
import type { InitialValues } from './initial-values.ts';

/** What a model tells of its variables, to have them as a technique has them. */
export interface TechniqueForms {
  /** Name of a variable of a layer that is not masked, from its name in a pruned model. */
  plainName(name: string): string;
  /** Name of what variational dropout or L0 regularisation keeps beside weights, from that of their mask. */
  companionName(mask: string, leaf: string): string;
  /** @param prunes whether the layer is masked */
  initialValues(variable: ModelVariable, prunes: boolean): InitialValues;
  readonly initialLogSigma2: number;
  readonly initialLogAlpha: number;
}

/** A variable of a pruned model as a technique has it; a mask becomes what the technique keeps in its place. */
export function asTechnique(
  variable: ModelVariable,
  technique: Technique,
  forms: TechniqueForms,
): Omit<FreshVariable, 'place'>[] {
  const { name, shape, role } = variable;
  const prunes = isPruning(technique);
  if (role !== 'mask') {
    const own = prunes ? name : forms.plainName(name);
    return [{ name: own, shape, initial: forms.initialValues(variable, prunes) }];
  }
  if (prunes) {
    return [
      { name, shape, initial: { kind: 'constant', value: 1 } },
      { name: name.replace(/mask$/, 'threshold'), shape: [], initial: ZERO },
    ];
  }
  if (technique === 'dense') return [];
  const initial: InitialValues =
    technique === 'variational_dropout'
      ? { kind: 'constant', value: forms.initialLogSigma2 }
      : { kind: 'normal', mean: forms.initialLogAlpha, deviation: 0.01 };
  return [{ name: forms.companionName(name, COMPANION_LEAF[technique]), shape, initial }];
}

/** Counters that a training with the technique keeps. */
export function countersOf(technique: Technique): FreshCounter[] {
  return [FRESH_COUNTERS.globalStep, ...(isPruning(technique) ? [FRESH_COUNTERS.lastMaskUpdate] : [])];
}

export const ZERO: InitialValues = { kind: 'constant', value: 0 };
