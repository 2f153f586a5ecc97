import { checkOneOf, requireOptions } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import type { RandomKey } from '../../base/random.ts';
import { type Block, blockMask, checkBlock } from './block.ts';
import { type CountOptions, checkRounding } from './kept-count.ts';
import { checkBins, checkDecay, exactMask, histogramMask, sortMask } from './magnitude.ts';
import type { PruningMask } from './mask.ts';
import { randomCumulativeMask, randomMask } from './random-mask.ts';
import { checkShape, type Floats } from './rank.ts';

/** Keeps the largest magnitudes. */
export interface MagnitudeRule extends CountOptions {
  /** Tells the rules apart. */
  readonly method: 'magnitude';
  /**
   * `sort` (default) keeps all that tie with the last one kept, `exact` a random choice of them, `histogram`
   * estimates where to cut. See `sortMask`, `exactMask`, `histogramMask`.
   */
  readonly algorithm?: 'sort' | 'exact' | 'histogram' | undefined;
  /** Share of the threshold before in the new one (`sort`, `histogram`). Default 0. */
  readonly decay?: number | undefined;
  /** Bins of the histogram. Default 256. */
  readonly bins?: number | undefined;
  /** Default: every weight for itself. */
  readonly block?: Block | undefined;
}

/** Keeps a random choice. */
export interface RandomRule extends CountOptions {
  /** Tells the rules apart. */
  readonly method: 'random';
  /** Whether what is pruned once stays pruned, as in the paper's runs. Default true. */
  readonly cumulative?: boolean | undefined;
}

/** How the weights that are kept are chosen. */
export type PruningRule = MagnitudeRule | RandomRule;

/** The rule where none is asked for: keeps the largest magnitudes by sorting. */
export const MAGNITUDE: PruningRule = { method: 'magnitude' };

/** What a rule decides on. */
export interface MaskRequest {
  readonly weights: Floats;
  readonly shape: readonly number[];
  /** Share to prune, in [0, 1). */
  readonly sparsity: number;
  /** Of random choices. */
  readonly key: RandomKey;
  /** The layer's mask before; undefined: none yet. */
  readonly previous?: PruningMask | undefined;
}

/**
 * A layer's mask by a rule.
 * @throws {UsageError} for options outside their range, weights of another shape than told, and a mask before of
 *   another size.
 * @throws {DataError} where a magnitude has no rank, since it is not finite.
 */
export function maskByRule(rule: PruningRule, request: MaskRequest): PruningMask {
  requireOptions('maskByRule', rule, ['method']);
  requireOptions('maskByRule', request, ['weights', 'shape', 'sparsity', 'key']);
  const { weights, shape, sparsity, key, previous } = request;
  checkRule(rule);
  checkRequest(request);
  if (rule.method === 'random') {
    const before = (rule.cumulative ?? true) ? previous : undefined;
    return before === undefined
      ? randomMask(weights.length, sparsity, key, rule)
      : randomCumulativeMask(before.mask, sparsity, key, rule);
  }
  const options = { ...rule, previousThreshold: previous?.threshold };
  const byMagnitude = (magnitudes: Floats): PruningMask => {
    switch (rule.algorithm ?? 'sort') {
      case 'sort':
        return sortMask(magnitudes, sparsity, options);
      case 'exact':
        return exactMask(magnitudes, sparsity, key, options);
      case 'histogram':
        return histogramMask(magnitudes, sparsity, options);
    }
  };
  return rule.block === undefined ? byMagnitude(weights) : blockMask(weights, shape, rule.block, byMagnitude);
}

/** @throws {UsageError} for a method, an algorithm or options that are not or cannot be. */
export function checkRule(rule: PruningRule): void {
  checkOneOf('method', rule.method, ['magnitude', 'random']);
  checkRounding(rule.rounding ?? 'floor');
  if (rule.method !== 'magnitude') return;
  checkOneOf('algorithm', rule.algorithm ?? 'sort', ['sort', 'exact', 'histogram']);
  checkDecay(rule.decay ?? 0);
  checkBins(rule.bins ?? 1);
  if (rule.block !== undefined) checkBlock(rule.block);
}

function checkRequest({ weights, shape, previous }: MaskRequest): void {
  const size = weights.length;
  checkShape(weights, shape);
  if (previous !== undefined && previous.mask.length !== size) {
    throw new UsageError(
      `the mask before has ${previous.mask.length} values, expected one for each of ${size}`,
    );
  }
}
