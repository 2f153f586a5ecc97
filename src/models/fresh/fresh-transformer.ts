import { checkNumber, checkOneOf } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { TECHNIQUES, type Technique } from '../../base/technique.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { sparseGlorotLimit } from '../../layers/pruning/sparse-initialisers.ts';
import type { ModelVariable } from '../full-size/model-variable.ts';
import {
  PAPER_TRANSFORMER,
  type TransformerSize,
  transformerVariables,
} from '../full-size/transformer-variables.ts';
import { FRESH_COUNTERS, type FreshVariable, freshCheckpoint } from './fresh-variable.ts';
import type { InitialValues } from './initial-values.ts';

/** A Transformer that is to be trained. */
export interface FreshTransformerOptions {
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
  const prunes = technique === 'magnitude_pruning' || technique === 'random_pruning';
  if (initialSparsity !== 0 && !prunes) {
    throw new UsageError(`an initial sparsity of ${initialSparsity} is for pruning, this is ${technique}`);
  }
  const variables = transformerVariables(size).flatMap((variable, place) =>
    variablesOf(variable, size.hidden, options).map((fresh): FreshVariable => ({ ...fresh, place })),
  );
  const counters = [FRESH_COUNTERS.globalStep, ...(prunes ? [FRESH_COUNTERS.lastMaskUpdate] : [])];
  return freshCheckpoint(variables, counters, { seed, label: `a fresh Transformer (${technique})` });
}

/** A variable of a pruned Transformer as the technique has it; a mask becomes what the technique keeps in its place. */
function variablesOf(
  variable: ModelVariable,
  hidden: number,
  {
    technique,
    initialSparsity = 0,
    initialLogSigma2 = -10,
    initialLogAlpha = 2.197,
  }: FreshTransformerOptions,
): Omit<FreshVariable, 'place'>[] {
  const { name, shape, role } = variable;
  const isEmbedding = name.includes('/symbol_modality_');
  switch (technique) {
    case 'magnitude_pruning':
    case 'random_pruning':
      if (role !== 'mask') {
        return [{ name, shape, initial: initialValues(variable, hidden, initialSparsity) }];
      }
      return [
        { name, shape, initial: { kind: 'constant', value: 1 } },
        { name: name.replace(/mask$/, 'threshold'), shape: [], initial: ZERO },
      ];
    case 'dense':
      return role === 'mask' ? [] : [{ name: plain(name), shape, initial: initialValues(variable, hidden) }];
    case 'variational_dropout':
    case 'l0_regularization': {
      if (role !== 'mask') return [{ name: plain(name), shape, initial: initialValues(variable, hidden) }];
      const [leaf, initial]: [string, InitialValues] =
        technique === 'variational_dropout'
          ? ['log_sigma2', { kind: 'constant', value: initialLogSigma2 }]
          : ['log_alpha', { kind: 'normal', mean: initialLogAlpha, deviation: 0.01 }];
      const companion = isEmbedding
        ? name.replace('//mask', '/weights_0_aux')
        : plain(name).replace(/mask$/, leaf);
      return [{ name: companion, shape, initial }];
    }
  }
}

/** Only masked layers have a scope of their own, and call their variables otherwise. */
function plain(name: string): string {
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

const ZERO: InitialValues = { kind: 'constant', value: 0 };
