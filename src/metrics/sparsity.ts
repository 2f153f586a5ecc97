import { DataError, UsageError } from '../base/errors.ts';
import { inStep, streamFloat32 } from '../base/float-stream.ts';
import { DEFAULT_LOG_ALPHA_THRESHOLD, hardConcreteGate, variationalDropoutKeeps } from '../base/numerics.ts';
import {
  COUNTED_VARIABLE,
  COUNTED_VARIABLE_IN_WORDS,
  recogniseTechnique,
  type Technique,
} from '../base/technique.ts';
import type { Checkpoint } from '../io/checkpoint/checkpoint-types.ts';

/** How {@link checkpointSparsity} counts. */
export interface SparsityOptions {
  /** Default: what the names of the variables say (masks are called magnitude pruning; random pruning counts alike). */
  readonly technique?: Technique | undefined;
  /**
   * Whose names to expect: variational dropout keeps its weights in `kernel` or, for `rn50`, in `weights`. Default
   * whichever of them is there.
   */
  readonly model?: 'transformer' | 'rn50' | undefined;
  /** Log-alpha threshold of variational dropout. Default 3. */
  readonly logAlphaThreshold?: number | undefined;
}

/** Weights that are kept out of all weights of a layer. */
export interface LayerSparsity {
  /** The variable that was counted. */
  readonly name: string;
  /** Weights that are kept, of */
  readonly nonzero: number;
  /** all of the layer. */
  readonly total: number;
  /** Zeros, as a share from 0 to 1; 0 for a variable without elements. */
  readonly sparsity: number;
}

/** Weights that are kept out of all weights that were counted. */
export interface CheckpointSparsity {
  /** How was counted. */
  readonly technique: Technique;
  /** Log-alpha threshold that was applied; only for variational dropout. */
  readonly threshold?: number;
  /** Weights that are kept, of */
  readonly nonzero: number;
  /** all that were counted. */
  readonly total: number;
  /** Zeros of all layers together, as a share from 0 to 1, `1 - nonzero / total`. */
  readonly sparsity: number;
  /** In the order of their names. */
  readonly layers: readonly LayerSparsity[];
}

/**
 * Measures the weight sparsity of a checkpoint as the `checkpoint_sparsity` tool of the paper does, without loading
 * it whole.
 *
 * Counted are masks that are not 0 (pruning), gates that are not 0 whatever the weight is (L0 regularisation), and
 * weights whose log-alpha lies below the threshold (variational dropout). Biases, normalisation and layers that were
 * never sparsified do not enter. For dense, which the tool does not know, the non-zero elements of every variable
 * `kernel`, `weights` or `weights_<i>` of two or more axes are counted, embeddings included.
 *
 * @throws {DataError} where no variable is of the technique, or one lacks its companion.
 */
export async function checkpointSparsity(
  checkpoint: Checkpoint,
  options: SparsityOptions = {},
): Promise<CheckpointSparsity> {
  const { technique = recogniseTechnique(checkpoint) } = options;
  const threshold = options.logAlphaThreshold ?? DEFAULT_LOG_ALPHA_THRESHOLD;
  if (!Number.isFinite(threshold)) {
    throw new UsageError(`log-alpha threshold ${threshold}: must be a finite number`);
  }
  const layers: LayerSparsity[] = [];
  for (const name of countedVariables(checkpoint, technique)) {
    let total = 0;
    let nonzero = 0;
    for await (const [length, kept] of keptPerPiece(checkpoint, name, technique, options.model, threshold)) {
      total += length;
      nonzero += kept;
    }
    layers.push({ name, nonzero, total, sparsity: total === 0 ? 0 : 1 - nonzero / total });
  }
  const nonzero = layers.reduce((sum, layer) => sum + layer.nonzero, 0);
  const total = layers.reduce((sum, layer) => sum + layer.total, 0);
  if (total === 0) {
    throw new DataError(
      `no weights of ${technique} to count: there is no variable ${COUNTED_VARIABLE_IN_WORDS[technique]}, or only empty ones`,
      { file: checkpoint.path },
    );
  }
  return {
    technique,
    ...(technique === 'variational_dropout' ? { threshold } : {}),
    nonzero,
    total,
    sparsity: 1 - nonzero / total,
    layers,
  };
}

function countedVariables(checkpoint: Checkpoint, technique: Technique): string[] {
  const names = checkpoint.names().filter((name) => COUNTED_VARIABLE[technique].test(name));
  return technique === 'dense' ? names.filter((name) => checkpoint.info(name).shape.length >= 2) : names;
}

/** Lengths of a variable's pieces with how many of their weights are kept. */
async function* keptPerPiece(
  checkpoint: Checkpoint,
  name: string,
  technique: Technique,
  model: SparsityOptions['model'],
  threshold: number,
): AsyncGenerator<[length: number, kept: number], void, undefined> {
  const variable = streamFloat32(checkpoint, [name]);
  if (technique === 'variational_dropout') {
    const weights = streamFloat32(checkpoint, [weightsBeside(checkpoint, name, model)]);
    for await (const [{ data: logSigma2 }, { data: theta }] of inStep(variable, weights)) {
      yield [
        theta.length,
        count(theta, (weight, i) => variationalDropoutKeeps(weight, logSigma2[i], threshold)),
      ];
    }
  } else {
    const keeps = technique === 'l0_regularization' ? gateIsOpen : isNotZero;
    for await (const { data } of variable) yield [data.length, count(data, keeps)];
  }
}

/** Name of the weights whose log-variance a variable holds. */
function weightsBeside(
  checkpoint: Pick<Checkpoint, 'names'>,
  name: string,
  model: SparsityOptions['model'],
): string {
  if (name.endsWith('_aux')) return name.replaceAll('_aux', '');
  const [kernel, weights] = ['kernel', 'weights'].map((leaf) => name.replaceAll('log_sigma2', leaf));
  const isResNet = model === undefined ? checkpoint.names().includes(weights) : model === 'rn50';
  return isResNet ? weights : kernel;
}

function count(values: Float32Array, keeps: (value: number, index: number) => boolean): number {
  let kept = 0;
  for (let i = 0; i < values.length; i++) if (keeps(values[i], i)) kept++;
  return kept;
}

function gateIsOpen(logAlpha: number): boolean {
  return hardConcreteGate(logAlpha) !== 0;
}

function isNotZero(value: number): boolean {
  return value !== 0;
}
