import { UsageError } from '../../base/errors.ts';
import type { Technique } from '../../base/technique.ts';
import { type DeviceTensor, elements } from '../../graph/device/scope.ts';
import { applyMask } from '../../graph/differentiation/elementwise.ts';
import { gather } from '../../graph/differentiation/embedding.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import { repeatColumns } from '../../graph/operations/repeat-columns.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import type { DeviceLinearMap } from '../../layers/device/linear-map.ts';
import {
  embeddingLookupTrain as gatedLookup,
  gatedTheta,
  l0Norm,
} from '../../layers/l0-regularization/device.ts';
import type { Site } from '../../layers/site.ts';
import {
  klDivergence,
  embeddingLookupTrain as sampledLookup,
  sampledProduct,
} from '../../layers/variational-dropout/device.ts';
import type { NoiseSource } from './noise.ts';
import type { TrainingVariables } from './variables.ts';

/** Weights of a layer while they are trained, by technique. */
export type SparseKernel =
  | { readonly technique: 'dense'; readonly theta: DeviceTensor }
  | {
      readonly technique: Exclude<Technique, 'dense'>;
      readonly theta: DeviceTensor;
      /** Mask, `log σ²` or `log α`, of the shape of the weights. */
      readonly companion: DeviceTensor;
    };

/** What the techniques need while training. */
export interface SparseTraining {
  /** Draws the noise of stochastic techniques. */
  readonly noise: NoiseSource;
  /** Variational dropout: bound of |log α| in the forward pass. */
  readonly clipAlpha: number;
}

/**
 * The variables of a layer. Masks are constants, `log σ²` and `log α` are trained.
 * @throws {UsageError} where the layer is stored in parts.
 */
export function sparseKernel(
  variables: TrainingVariables,
  { weights, companions }: Site,
  technique: Technique,
): SparseKernel {
  if (weights.length !== 1 || companions.length > 1) {
    throw new UsageError(`${weights.join(', ')}: training takes weights that are stored whole, not in parts`);
  }
  const theta = variables.trainable(weights[0]);
  switch (technique) {
    case 'dense':
      return { technique, theta };
    case 'magnitude_pruning':
    case 'random_pruning':
      return { technique, theta, companion: variables.constant(companions[0]) };
    case 'variational_dropout':
    case 'l0_regularization':
      return { technique, theta, companion: variables.trainable(companions[0]) };
  }
}

/** What a linear operation draws, where its technique does. */
export interface Draw {
  /** Tells the layer apart. */
  readonly site: string;
  /** Of the normal numbers of variational dropout: `[outputs, columns]`. */
  readonly shape: readonly number[];
  /** Columns of the result next to each other that share a column of these; 1. */
  readonly shared?: number;
}

/** A linear operation with the weights as the technique has them in training. */
export function trainedProduct(
  tape: Tape,
  kernel: SparseKernel,
  map: DeviceLinearMap,
  x: GraphTensor,
  { noise, clipAlpha }: SparseTraining,
  { site, shape, shared = 1 }: Draw,
): GraphTensor {
  const { technique, theta } = kernel;
  switch (technique) {
    case 'dense':
      return map(x, theta);
    case 'magnitude_pruning':
    case 'random_pruning':
      return map(x, applyMask(tape, theta, kernel.companion));
    case 'variational_dropout': {
      const drawn = noise({ site, distribution: 'normal', order: 'column-major', shape });
      const repeated = shared === 1 ? drawn : repeatColumns(tape.graph, drawn, shared);
      return sampledProduct(tape, map, x, [theta, kernel.companion], repeated, { clipAlpha });
    }
    case 'l0_regularization': {
      const drawn = noise({ site, distribution: 'uniform', order: 'row-major', shape: theta.shape });
      return map(x, gatedTheta(tape, [theta, kernel.companion], drawn));
    }
  }
}

/** Rows of an embedding `[V, D]` as columns `[D, columns]`, drawn anew for every occurrence. */
export function trainedLookup(
  tape: Tape,
  kernel: SparseKernel,
  ids: DeviceTensor,
  { noise, clipAlpha }: SparseTraining,
  site: string,
): GraphTensor {
  const { technique, theta } = kernel;
  const shape = [theta.shape[1], elements(ids)];
  switch (technique) {
    case 'dense':
      return gather(tape, theta, ids);
    case 'magnitude_pruning':
    case 'random_pruning':
      return gather(tape, applyMask(tape, theta, kernel.companion), ids);
    case 'variational_dropout': {
      const drawn = noise({ site, distribution: 'normal', order: 'column-major', shape });
      return sampledLookup(tape, [theta, kernel.companion], ids, drawn, { clipAlpha });
    }
    case 'l0_regularization': {
      const drawn = noise({ site, distribution: 'uniform', order: 'column-major', shape });
      return gatedLookup(tape, [theta, kernel.companion], ids, drawn);
    }
  }
}

/**
 * What the technique adds to the loss of a layer, before its weight: a scalar; undefined for dense and pruned
 * ones.
 * @param clipAlpha bound of |log α| of variational dropout
 */
export function penalty(tape: Tape, kernel: SparseKernel, clipAlpha: number): GraphTensor | undefined {
  switch (kernel.technique) {
    case 'variational_dropout':
      return klDivergence(tape, [kernel.theta, kernel.companion], { clipAlpha });
    case 'l0_regularization':
      return l0Norm(tape, kernel.companion);
    default:
      return undefined;
  }
}
