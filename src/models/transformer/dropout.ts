import { checkNumber } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import type { Dropped } from '../../graph/differentiation/dropout.ts';
import { expand, type FourAxes } from '../../graph/operations/expand.ts';
import type { Graph } from '../../graph/plan/graph.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import type { NoiseSource } from '../training/noise.ts';

/**
 * Dropout of a Transformer in training, by Tensor2Tensor's names: shares of elements that are dropped, and axes along which all
 * elements are dropped or kept together, which costs fewer draws.
 */
export interface TransformerDropout {
  /** Of what enters the two stacks, and of what a layer adds to its input. */
  readonly layerPrepostprocess: number;
  /** Of the weights of attention. */
  readonly attention: number;
  /** Of the inner features of feed-forward layers. */
  readonly relu: number;
  /** Of `[batch, length, features]`, but not of what enters the stacks; `[1]` in the original's sets for TPUs. */
  readonly layerPrepostprocessBroadcastDims?: readonly number[] | undefined;
  /** Of `[batch, heads, queries, keys]`; `[0, 1]` in the original's sets for TPUs. */
  readonly attentionBroadcastDims?: readonly number[] | undefined;
  /** Of `[batch, length, features]`; `[1]` in the original's sets for TPUs. */
  readonly reluBroadcastDims?: readonly number[] | undefined;
}

/** All values stay. */
export const NO_DROPOUT: TransformerDropout = { layerPrepostprocess: 0, attention: 0, relu: 0 };

/** Names of the original's presets of regularisation. */
export const REGULARIZATIONS = [
  'none',
  'label_smoothing',
  'dropout+label_smoothing',
  'moredropout+label_smoothing',
  'muchmoredropout+label_smoothing',
] as const;

/** Name of a preset. */
export type Regularization = (typeof REGULARIZATIONS)[number];

/** Dropout and label smoothing of a preset, as the original's flag `regularization` sets them. */
export function regularization(name: Regularization): {
  readonly dropout: TransformerDropout;
  readonly labelSmoothing: number;
} {
  const usual = { layerPrepostprocess: 0.1, attention: 0.1, relu: 0.1 };
  switch (name) {
    case 'none':
      return { dropout: NO_DROPOUT, labelSmoothing: 0 };
    case 'label_smoothing':
      return { dropout: NO_DROPOUT, labelSmoothing: 0.1 };
    case 'dropout+label_smoothing':
      return { dropout: usual, labelSmoothing: 0.1 };
    case 'moredropout+label_smoothing':
      return { dropout: { ...usual, layerPrepostprocess: 0.3 }, labelSmoothing: 0.1 };
    case 'muchmoredropout+label_smoothing':
      return { dropout: { ...usual, layerPrepostprocess: 0.5 }, labelSmoothing: 0.1 };
    default:
      throw new UsageError(
        `regularization "${name satisfies never}"; there are ${REGULARIZATIONS.join(', ')}`,
      );
  }
}

/** Refuses shares outside [0, 1), and axes that there are not. @throws {UsageError} for the first of them. */
export function checkDropout(dropout: TransformerDropout): void {
  for (const name of ['layerPrepostprocess', 'attention', 'relu'] as const) {
    const isShare = (share: number) => share >= 0 && share < 1;
    checkNumber(`dropout ${name}`, dropout[name], isShare, 'a number in [0, 1)');
    const axes = name === 'attention' ? 4 : 3;
    const dims = dropout[`${name}BroadcastDims`] ?? [];
    const isAxis = (axis: number) => Number.isInteger(axis) && axis >= 0 && axis < axes;
    if (!Array.isArray(dims) || !dims.every(isAxis)) {
      throw new UsageError(`${name}BroadcastDims is ${JSON.stringify(dims)}, expected axes below ${axes}`);
    }
  }
}

/** Draws of dropouts, of the axes that tensors have on the device. */
export class DropoutDraws {
  readonly #graph: Graph;
  readonly #noise: NoiseSource;

  constructor(graph: Graph, noise: NoiseSource) {
    this.#graph = graph;
    this.#noise = noise;
  }

  /**
   * For activations `[features, sentences · length]`.
   * @param site tells the draws from others
   * @param dims of `[batch, length, features]` along which draws are shared
   */
  ofActivations(
    rate: number,
    site: string,
    { features, sentences, length }: Record<'features' | 'sentences' | 'length', number>,
    dims: readonly number[] = [],
  ): Dropped {
    const shared = [dims.includes(2), dims.includes(0), dims.includes(1)];
    const extents: FourAxes = [1, features, sentences, length];
    return { rate, draws: this.#drawn(site, extents, [false, ...shared], [features, sentences * length]) };
  }

  /** For attention weights `[sentences · heads · queries, keys]`. @param dims of `[batch, heads, queries, keys]` */
  ofAttention(
    rate: number,
    site: string,
    { sentences, heads, queries, keys }: Record<'sentences' | 'heads' | 'queries' | 'keys', number>,
    dims: readonly number[] = [],
  ): Dropped {
    const extents: FourAxes = [sentences, heads, queries, keys];
    const shared = extents.map((_, axis) => dims.includes(axis));
    return { rate, draws: this.#drawn(site, extents, shared, [sentences * heads * queries, keys]) };
  }

  #drawn(site: string, extents: FourAxes, shared: readonly boolean[], shape: readonly number[]): GraphTensor {
    const own = extents.map((extent, axis) => (shared[axis] ? 1 : extent)) as unknown as FourAxes;
    const isWhole = own.every((extent, axis) => extent === extents[axis]);
    const drawn = this.#noise({
      site,
      distribution: 'uniform',
      order: 'row-major',
      shape: isWhole ? shape : own,
    });
    return isWhole ? drawn : expand(this.#graph, drawn, { own, extents, shape });
  }
}
