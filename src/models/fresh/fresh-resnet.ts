import { checkNumber, checkOneOf } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { isPruning, TECHNIQUES, type Technique } from '../../base/technique.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { INITIAL_LOG_ALPHA } from '../../layers/l0-regularization/hard-concrete.ts';
import { sparseGlorotLimit, sparseHeDeviation } from '../../layers/pruning/sparse-initialisers.ts';
import type { ModelVariable } from '../full-size/model-variable.ts';
import { PAPER_RESNET_50, type ResNetSize } from '../full-size/resnet-layers.ts';
import { resnetVariables } from '../full-size/resnet-variables.ts';
import { asTechnique, countersOf, type TechniqueForms, ZERO } from './as-technique.ts';
import { type FreshVariable, freshCheckpoint } from './fresh-variable.ts';
import type { InitialValues } from './initial-values.ts';

/** A residual network that is to be trained. */
export interface FreshResNetOptions {
  /** Decides on the variables of sparsified layers. */
  readonly technique: Technique;
  /** Depth, width and classes that are not those of the paper's ResNet-50. */
  readonly size?: Partial<ResNetSize> | undefined;
  /** Draws other values; 0. */
  readonly seed?: number | undefined;
  /**
   * Share of weights that pruning will drop: sparsified layers begin with weights that are larger accordingly (`init_method`
   * `sparse` of the original). Unless given, all layers begin as dense ones do.
   */
  readonly initialSparsity?: number | undefined;
  /** Layers that are not sparsified, by their scope, such as `initial_conv`; only with pruning. */
  readonly denseLayers?: readonly string[] | undefined;
  /** First value of log σ²; −15. */
  readonly initialLogSigma2?: number | undefined;
  /** Mean of the first values of log α, whose deviation is 0.01; 2.197, where a gate is open with probability 0.9. */
  readonly initialLogAlpha?: number | undefined;
}

/** Standard deviation of the kernel of the last layer. */
const DENSE_DEVIATION = 0.01;
/** Standard deviation of a standard normal distribution that is cut at ±2. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

/**
 * The variables of a residual network before its first training step, with the names, shapes and initial distributions of the
 * original: variance scaling by fan in, normal and truncated, for convolutions; N(0, 0.01²) for the last layer; 1 and 0 for batch
 * normalisations and biases. One seed gives the same weights whatever the technique.
 *
 * @returns a checkpoint in memory, that is drawn as it is read
 * @throws {UsageError} for a depth that there is not, sizes that are no whole numbers above 0, no technique, a layer that there is
 *   not, or an initial sparsity outside [0, 1) or without pruning.
 */
export function freshResNet(options: FreshResNetOptions): Checkpoint {
  const { technique, seed = 0, initialSparsity, denseLayers = [] } = options;
  checkOneOf('technique', technique, TECHNIQUES);
  const size = { ...PAPER_RESNET_50, ...options.size };
  for (const name of ['width', 'classes'] as const) {
    const isCount = (count: number) => Number.isSafeInteger(count) && count > 0;
    checkNumber(name, size[name], isCount, 'a whole number above 0');
  }
  if (!isPruning(technique) && (initialSparsity !== undefined || denseLayers.length > 0)) {
    throw new UsageError(`an initial sparsity and dense layers are for pruning, this is ${technique}`);
  }
  const layout = resnetVariables(size);
  const scopes = new Set(layout.map(scopeOf));
  const unknown = denseLayers.find((layer) => !scopes.has(layer));
  if (unknown !== undefined) throw new UsageError(`there is no layer ${unknown} to be left dense`);
  // Dense layers open their scope twice, those with a companion all of it: see `scoped`.
  const forms = (own: Technique): TechniqueForms => ({
    plainName: (name) => scoped(name, own === 'dense' ? 1 : 0),
    companionName: (mask, leaf) => scoped(mask, 0).replace(/mask$/, leaf),
    initialValues: (variable, prunes) => initialValues(variable, prunes ? initialSparsity : undefined),
    initialLogSigma2: options.initialLogSigma2 ?? -15,
    initialLogAlpha: options.initialLogAlpha ?? INITIAL_LOG_ALPHA,
  });
  const variables = layout.flatMap((variable, place) => {
    const own = denseLayers.includes(scopeOf(variable)) ? 'dense' : technique;
    return asTechnique(variable, own, forms(own)).map((fresh): FreshVariable => ({ ...fresh, place }));
  });
  const label = `a fresh residual network (${technique})`;
  return freshCheckpoint(variables, countersOf(technique), { seed, label });
}

/** Layer or batch normalisation that a variable belongs to. */
function scopeOf({ name }: ModelVariable): string {
  return name.split('/')[1];
}

/**
 * Layers that are not masked open their scope twice, `S/S` or all of `resnet_model/S` again.
 * @param from part of the scope from which on it is repeated
 */
function scoped(name: string, from: 0 | 1): string {
  const parts = name.split('/');
  if (parts[1].startsWith('batch_normalization')) return name;
  return [...parts.slice(0, 2), ...parts.slice(from)].join('/');
}

/** @param sparsity undefined: as for a dense layer */
function initialValues({ name, shape, role }: ModelVariable, sparsity?: number): InitialValues {
  if (role !== 'weights') {
    return /\/(gamma|moving_variance)$/.test(name) ? { kind: 'constant', value: 1 } : ZERO;
  }
  if (shape.length === 2) {
    return sparsity === undefined
      ? { kind: 'normal', mean: 0, deviation: DENSE_DEVIATION }
      : { kind: 'uniform', limit: sparseGlorotLimit(shape, sparsity) };
  }
  if (sparsity !== undefined)
    return { kind: 'normal', mean: 0, deviation: sparseHeDeviation(shape, sparsity) };
  const fanIn = shape[0] * shape[1] * shape[2];
  return { kind: 'truncated normal', deviation: 1 / Math.sqrt(fanIn) / TRUNCATED_DEVIATION };
}
