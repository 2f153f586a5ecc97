import { DataError, UsageError } from './errors.ts';

/** Ways of sparsifying that the paper compares, by the names its code and its published checkpoints use. */
export const TECHNIQUES = [
  'dense',
  'magnitude_pruning',
  'random_pruning',
  'variational_dropout',
  'l0_regularization',
] as const;

/** How a network was made sparse, if it was. */
export type Technique = (typeof TECHNIQUES)[number];

/** Last part of the name of the variable that a technique keeps beside each weight matrix; dense keeps none. */
export const COMPANION_LEAF: Record<Exclude<Technique, 'dense'>, string> = {
  magnitude_pruning: 'mask',
  random_pruning: 'mask',
  variational_dropout: 'log_sigma2',
  l0_regularization: 'log_alpha',
};

/**
 * Ends of the names of the variables by which sparsity is counted, a variable for each weight matrix. Slots of optimizers never
 * have them, since they end in `/Adam` or `/Momentum`.
 */
export const COUNTED_VARIABLE: Readonly<Record<Technique, RegExp>> = {
  dense: /(^|\/)(kernel|weights(_\d+)?)$/,
  magnitude_pruning: /mask$/,
  random_pruning: /mask$/,
  variational_dropout: /(log_sigma2|_aux)$/,
  l0_regularization: /(log_alpha|_aux)$/,
};

/** The same for people. */
export const COUNTED_VARIABLE_IN_WORDS: Readonly<Record<Technique, string>> = {
  dense: 'of two axes or more called kernel, weights or weights_<number>',
  magnitude_pruning: 'whose name ends in mask',
  random_pruning: 'whose name ends in mask',
  variational_dropout: 'whose name ends in log_sigma2 or _aux',
  l0_regularization: 'whose name ends in log_alpha or _aux',
};

/** What a technique is told from: a checkpoint, or anything else that has variables of a model. */
export interface NamedVariables {
  readonly path: string;
  /** What was kept with the checkpoint, where its format has room for it. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Names of all variables. */
  names(): readonly string[];
}

/** What names alone can tell apart: a randomly pruned checkpoint has the same variables as one pruned by magnitude. */
const RECOGNISABLE = ['magnitude_pruning', 'variational_dropout', 'l0_regularization'] as const;

/**
 * Tells a checkpoint's technique from the names of its variables; masks are taken for magnitude pruning.
 *
 * @param requested overrides what the names say, where the checkpoint has the variables for it.
 * @throws {UsageError} where the checkpoint lacks the variables of the requested technique.
 * @throws {DataError} where it holds those of several techniques and none was requested.
 */
export function recogniseTechnique(checkpoint: NamedVariables, requested?: Technique): Technique {
  if (requested !== undefined && !TECHNIQUES.includes(requested)) {
    throw new UsageError(`no technique "${requested}"; there are ${TECHNIQUES.join(', ')}`);
  }
  const leaves = modelVariableLeaves(checkpoint.names());
  const found = RECOGNISABLE.filter((technique) => leaves.has(COMPANION_LEAF[technique]));
  if (requested !== undefined) {
    const present = requested === 'dense' ? found.length === 0 : leaves.has(COMPANION_LEAF[requested]);
    if (!present) {
      throw new UsageError(
        `${checkpoint.path}: not a ${requested} checkpoint, its variables are those of ${found.join(' and ') || 'dense'}`,
      );
    }
    return requested;
  }
  if (found.length > 1) {
    throw new DataError(`variables of ${found.join(' and ')} together: say which technique to read`, {
      file: checkpoint.path,
    });
  }
  return found[0] ?? 'dense';
}

/** Whether a technique masks weights. */
export function isPruning(technique: Technique): boolean {
  return technique !== 'dense' && COMPANION_LEAF[technique] === 'mask';
}

/** Whether a technique trains noise beside weights, against a penalty. */
export function isPenalised(technique: Technique): technique is 'variational_dropout' | 'l0_regularization' {
  return technique === 'variational_dropout' || technique === 'l0_regularization';
}

/** Last parts of all names but those of the optimizer, which repeat the model's below `training/`. */
function modelVariableLeaves(names: readonly string[]): Set<string> {
  const leaves = new Set<string>();
  for (const name of names) {
    if (!name.startsWith('training/')) leaves.add(name.slice(name.lastIndexOf('/') + 1));
  }
  return leaves;
}
