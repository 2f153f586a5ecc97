import { requireOptions } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { derivedKey, type RandomKey, randomKey } from '../../base/random.ts';
import { checkBlock } from './block.ts';
import { keptCount } from './kept-count.ts';
import {
  checkTargetSparsities,
  checkTargets,
  type LayerBlock,
  type LayerTarget,
  layerSparsity,
  targetOf,
} from './layer-targets.ts';
import type { PruningMask } from './mask.ts';
import type { Floats } from './rank.ts';
import { checkRule, MAGNITUDE, maskByRule, type PruningRule } from './rule.ts';
import {
  checkSchedule,
  checkUpdates,
  type GradualSchedule,
  gradualSparsity,
  isMaskUpdateDue,
  type MaskUpdates,
} from './schedule.ts';

/** How {@link GradualPruner} prunes. */
export interface GradualPrunerOptions {
  /** A schedule, or the sparsity at each step. */
  readonly sparsity: GradualSchedule | ((step: number) => number);
  readonly updates: MaskUpdates;
  /** Default: magnitude pruning by sorting. */
  readonly rule?: PruningRule | undefined;
  /**
   * Sparsities of single layers at the end of the schedule; on the way they keep their proportion to it. Not
   * with a function.
   */
  readonly layerTargets?: readonly LayerTarget[] | undefined;
  /** Blocks of single layers in place of the rule's, of magnitude pruning. */
  readonly layerBlocks?: readonly LayerBlock[] | undefined;
  /** Of random choices. Default 0. */
  readonly seed?: number | undefined;
  /** Where to go on, after a training was interrupted. */
  readonly resume?: PrunerState | undefined;
}

/** What a pruner has to remember from step to step. */
export interface PrunerState {
  /** Step of the last update, 0 before the first. */
  readonly lastUpdate: number;
  /** By layer; none before the first update, when everything is kept, and where they were made elsewhere. */
  readonly masks: ReadonlyMap<string, PruningMask>;
}

/** A layer that is pruned. */
export interface LayerSize {
  /** By which its mask is found. */
  readonly name: string;
  /** Of the weights. */
  readonly shape: readonly number[];
}

/** Weights of a layer as training has them now, pruned ones included. */
export interface LayerWeights extends LayerSize {
  /** In the order of the shape. */
  readonly weights: Floats;
}

/**
 * Gradual pruning during training (Zhu & Gupta 2017): tells after each optimiser step whether masks are due,
 * and makes them from the weights, each layer for itself.
 *
 * ```ts
 * if (pruner.isDue(step)) for (const [name, { mask }] of pruner.update(step, weights)) upload(name, mask);
 * ```
 *
 * `update` makes masks on the CPU, so where weights are on a device they are read back, which happens once in `frequency` steps;
 * what happens in each step is one product with the mask. Where masks keep just the largest magnitudes, a device makes them by
 * itself: `keepLargest` tells how many.
 */
export class GradualPruner {
  readonly #options: GradualPrunerOptions;
  readonly #rule: PruningRule;
  readonly #key: RandomKey;
  #masks: ReadonlyMap<string, PruningMask>;
  #lastUpdate: number;

  /**
   * @throws {UsageError} for a schedule, updates, a rule, layer targets, layer blocks or a seed that cannot be,
   *   for layer targets beside a function or a schedule with target 0, and for layer blocks beside a random rule.
   */
  constructor(options: GradualPrunerOptions) {
    requireOptions('GradualPruner', options, ['sparsity', 'updates']);
    const { sparsity, updates, rule = MAGNITUDE, layerTargets = [], layerBlocks = [], resume } = options;
    checkUpdates(updates);
    checkRule(rule);
    checkTargetSparsities(layerTargets);
    for (const { block } of layerBlocks) checkBlock(block);
    if (layerBlocks.length > 0 && rule.method !== 'magnitude') {
      throw new UsageError('layer blocks need magnitude pruning: a random choice knows no blocks');
    }
    if (typeof sparsity !== 'function') checkSchedule(sparsity);
    if (layerTargets.length > 0 && (typeof sparsity === 'function' || sparsity.target === 0)) {
      throw new UsageError(
        'layer targets need a schedule with a target above 0, which they could be in proportion to',
      );
    }
    this.#options = options;
    this.#rule = rule;
    this.#key = randomKey(options.seed ?? 0);
    this.#masks = new Map(resume?.masks);
    this.#lastUpdate = resume?.lastUpdate ?? 0;
  }

  get state(): PrunerState {
    return { lastUpdate: this.#lastUpdate, masks: new Map(this.#masks) };
  }

  /** Whether masks are to be made anew after this step's update of the weights. */
  isDue(step: number): boolean {
    return isMaskUpdateDue(this.#options.updates, step, this.#lastUpdate);
  }

  /** Sparsity that the schedule asks for at a step. */
  sparsityAt(step: number): number {
    const { sparsity } = this.#options;
    return typeof sparsity === 'function' ? sparsity(step) : gradualSparsity(sparsity, step);
  }

  /**
   * Makes the masks of a step, by layer; where that fails, all masks stay as they were.
   * @param layers always the same ones in the same order: random choices depend on it.
   * @throws {UsageError} where no update is due, a layer target or block is for no layer, two are for one, two layers have
   *   one name, or a layer's weights have another size than its shape or its mask before.
   * @throws {DataError} where a weight is not finite.
   */
  update(step: number, layers: readonly LayerWeights[]): ReadonlyMap<string, PruningMask> {
    this.#check(step, layers);
    const masks = new Map(this.#masks);
    const stepKey = derivedKey(this.#key, step);
    layers.forEach(({ name, shape, weights }, index) => {
      const previous = this.#masks.get(name);
      const key = derivedKey(stepKey, index);
      const mask = maskByRule(this.#ruleOf(name), {
        weights,
        shape,
        sparsity: this.#sparsityOf(name, step),
        key,
        previous,
      });
      masks.set(name, mask);
    });
    this.#masks = masks;
    this.#lastUpdate = step;
    return this.state.masks;
  }

  /**
   * Does the update of a step whose masks are made elsewhere: by the rule of `sortMask`, of as many weights as it says.
   * @returns weights to keep of each layer; undefined where more than magnitudes decides, so that `update` is to be called
   * @throws {UsageError} as `update`.
   */
  keepLargest(step: number, layers: readonly LayerSize[]): ReadonlyMap<string, number> | undefined {
    const rule = this.#rule;
    if (rule.method !== 'magnitude' || (rule.algorithm ?? 'sort') !== 'sort') return undefined;
    const { layerBlocks = [] } = this.#options;
    if ((rule.decay ?? 0) > 0 || rule.block !== undefined || layerBlocks.length > 0) return undefined;
    this.#check(step, layers);
    const counts = layers.map(({ name, shape }) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      return [name, keptCount(size, this.#sparsityOf(name, step), rule.rounding)] as const;
    });
    // Those of before are of no use: the rule needs none, and they are no longer what they were.
    this.#masks = new Map();
    this.#lastUpdate = step;
    return new Map(counts);
  }

  #check(step: number, layers: readonly LayerSize[]): void {
    if (!this.isDue(step))
      throw new UsageError(`no mask update is due at step ${step}; ask isDue(step) first`);
    const { layerTargets = [], layerBlocks = [] } = this.#options;
    const names = layers.map(({ name }) => name);
    checkTargets(layerTargets, names);
    checkTargets(layerBlocks, names);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined)
      throw new UsageError(`there are two layers ${twice}; give each a name of its own`);
  }

  #ruleOf(name: string): PruningRule {
    const own = targetOf(name, this.#options.layerBlocks ?? []);
    return own === undefined || this.#rule.method === 'random'
      ? this.#rule
      : { ...this.#rule, block: own.block };
  }

  #sparsityOf(name: string, step: number): number {
    const { sparsity, layerTargets = [] } = this.#options;
    const current = this.sparsityAt(step);
    return typeof sparsity === 'function'
      ? current
      : layerSparsity(name, current, sparsity.target, layerTargets);
  }
}
