import { checkNumber, checkOneOf } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { isPruning, TECHNIQUES, type Technique } from '../../base/technique.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { INITIAL_LOG_ALPHA } from '../../layers/l0-regularization/hard-concrete.ts';
import { sparseGlorotLimit } from '../../layers/pruning/sparse-initialisers.ts';
import type { ModelVariable } from '../full-size/model-variable.ts';
import {
  PAPER_TRANSFORMER,
  type TransformerSize,
  transformerVariables,
} from '../full-size/transformer-variables.ts';
import { asTechnique, countersOf, type TechniqueForms, ZERO } from './as-technique.ts';
import { type FreshVariable, freshCheckpoint } from './fresh-variable.ts';
import type { InitialValues } from './initial-values.ts';

/** A Transformer that is to be trained. */
export interface FreshTransformerOptions {
  /** Decides on the variables of sparsified layers. */
  readonly technique: Technique;
  /** Sizes that are not the paper's. The vocabulary is that of the data. */
  readonly size?: Partial<TransformerSize> | undefined;
  /** Draws other values; 0. */
  readonly seed?: number | undefined;
  /**
   * Share of weights that fixed masks will drop: initial weights are larger accordingly ("augmented" initialisation). 0; only for
   * pruning.
   */
  readonly initialSparsity?: number | undefined;
  /** First value of log σ²; −10. */
  readonly initialLogSigma2?: number | undefined;
  /** Mean of the first values of log α, whose deviation is 0.01; 2.197, where a gate is open with probability 0.9. */
  readonly initialLogAlpha?: number | undefined;
}

/**
 * The variables of a Transformer before its first training step, with the names, shapes and initial distributions of the
 * original: Glorot's uniform for kernels, N(0, 1/H) for the embedding, 1 and 0 for scales and biases. One seed gives the same
 * weights whatever the technique.
 *
 * @returns a checkpoint in memory, that is drawn as it is read
 * @throws {UsageError} for sizes that are no whole numbers above 0, no technique, or an initial sparsity outside [0, 1) or
 *   without pruning.
 */
export function freshTransformer(options: FreshTransformerOptions): Checkpoint {
  const { technique, seed = 0, initialSparsity = 0 } = options;
  checkOneOf('technique', technique, TECHNIQUES);
  const size = { ...PAPER_TRANSFORMER, ...options.size };
  for (const [name, value] of Object.entries(size)) {
    checkNumber(name, value, (count) => Number.isSafeInteger(count) && count > 0, 'a whole number above 0');
  }
  if (initialSparsity !== 0 && !isPruning(technique)) {
    throw new UsageError(`an initial sparsity of ${initialSparsity} is for pruning, this is ${technique}`);
  }
  const forms: TechniqueForms = {
    plainName,
    companionName: (mask, leaf) =>
      mask.includes('/symbol_modality_')
        ? mask.replace('//mask', '/weights_0_aux')
        : plainName(mask).replace(/mask$/, leaf),
    initialValues: (variable) => initialValues(variable, size.hidden, initialSparsity),
    initialLogSigma2: options.initialLogSigma2 ?? -10,
    initialLogAlpha: options.initialLogAlpha ?? INITIAL_LOG_ALPHA,
  };
  const variables = transformerVariables(size).flatMap((variable, place) =>
    asTechnique(variable, technique, forms).map((fresh): FreshVariable => ({ ...fresh, place })),
  );
  const label = `a fresh Transformer (${technique})`;
  return freshCheckpoint(variables, countersOf(technique), { seed, label });
}

/** Only masked layers have a scope of their own, and call their variables otherwise. */
function plainName(name: string): string {
  return name
    .replace('/fully_connected/weights', '/kernel')
    .replace('/fully_connected/biases', '/bias')
    .replace('/fully_connected/', '/');
}

function initialValues(variable: ModelVariable, hidden: number, sparsity = 0): InitialValues {
  const { name, shape, role } = variable;
  if (name.endsWith('/weights_0')) {
    return { kind: 'normal', mean: 0, deviation: 1 / Math.sqrt(hidden * (1 - sparsity)) };
  }
  if (role === 'weights') return { kind: 'uniform', limit: sparseGlorotLimit(shape, sparsity) };
  if (name.endsWith('/target_space_embedding/kernel')) {
    return { kind: 'uniform', limit: sparseGlorotLimit(shape, 0) };
  }
  return name.endsWith('_scale') ? { kind: 'constant', value: 1 } : ZERO;
}
