import { requireOptions } from '../../base/check-arguments.ts';
import { DataError, UsageError } from '../../base/errors.ts';
import { derivedKey, type RandomKey, randomKey } from '../../base/random.ts';
import { recogniseTechnique } from '../../base/technique.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import type { NamedTensor } from '../../io/checkpoint/write-checkpoint.ts';
import { checkSparsity } from './kept-count.ts';
import { checkTargetSparsities, checkTargets, type LayerTarget, targetOf } from './layer-targets.ts';
import { type PrunableLayer, type PruningPlan, planPruning, prunedName } from './prunable-layers.ts';
import { checkFinite } from './rank.ts';
import { checkRule, MAGNITUDE, maskByRule, type PruningRule } from './rule.ts';

/** How {@link pruneCheckpoint} prunes. */
export interface PruneOptions {
  /** Share of each layer's weights to prune, in [0, 1). */
  readonly sparsity: number;
  /** Default: magnitude pruning by sorting. */
  readonly rule?: PruningRule | undefined;
  /**
   * Sparsities of single layers in place of it, found by the name that their weights have in the pruned
   * checkpoint.
   */
  readonly layerTargets?: readonly LayerTarget[] | undefined;
  /** Of random choices. Default 0. */
  readonly seed?: number | undefined;
  /** Called when a layer's mask was made. */
  readonly onLayer?: ((layer: PrunedLayer, done: number, total: number) => void) | undefined;
}

/** What came of one layer. */
export interface PrunedLayer {
  /** Of the weights in the pruned checkpoint, the first of them where they are in shards. */
  readonly name: string;
  /** Sparsity that was asked for. */
  readonly target: number;
  /** Weights that are kept, of */
  readonly kept: number;
  /** all of the layer. */
  readonly total: number;
  /** Magnitude from which weights are kept; 0 for random pruning, ∞ where none is kept. */
  readonly threshold: number;
}

/**
 * Prunes a dense checkpoint of the paper's Transformer or ResNet at once: gives all tensors of a checkpoint
 * as the original's masked layers write it, with a `mask` and a `threshold` beside the weights, which stay as
 * they are. Slots of the optimizer follow their variables to their new names; everything else is passed on.
 *
 * One weight matrix at a time is in memory, with its mask. What can be checked without reading weights is
 * checked at once, not when the first tensor is asked for.
 *
 * @throws {UsageError} for options outside their range, a layer target for no layer or one for which there
 *   are several, and where the checkpoint is sparse already.
 * @throws {DataError} where it holds no layer to prune, and, while it is read, where a weight is not float32
 *   or not finite.
 */
export function pruneCheckpoint(checkpoint: Checkpoint, options: PruneOptions): AsyncIterable<NamedTensor> {
  requireOptions('pruneCheckpoint', options, ['sparsity']);
  const { sparsity, rule = MAGNITUDE, layerTargets = [], seed = 0 } = options;
  checkSparsity(sparsity);
  checkRule(rule);
  const key = randomKey(seed);
  const technique = recogniseTechnique(checkpoint);
  if (technique !== 'dense') {
    throw new UsageError(`${checkpoint.path}: is sparse already (${technique}); give the dense checkpoint`);
  }
  const plan = planPruning(checkpoint);
  if (plan.layers.length === 0) {
    throw new DataError(
      'holds no layer of a Transformer or ResNet of the paper; "tsos inspect" lists what it holds',
      { file: checkpoint.path },
    );
  }
  const names = plan.layers.map(({ name }) => name);
  checkTargetSparsities(layerTargets);
  checkTargets(layerTargets, names);
  return prunedTensors(checkpoint, plan, options, key);
}

async function* prunedTensors(
  checkpoint: Checkpoint,
  plan: PruningPlan,
  options: PruneOptions,
  key: RandomKey,
): AsyncGenerator<NamedTensor, void, undefined> {
  const ofLayers = new Set(plan.layers.flatMap(({ weights }) => weights));
  for (const name of checkpoint.names()) {
    if (!ofLayers.has(name)) yield { ...(await checkpoint.read(name)), name: prunedName(plan, name) };
  }
  for (const [index, layer] of plan.layers.entries()) {
    yield* prunedLayer(checkpoint, plan, layer, options, derivedKey(key, index), index + 1);
  }
}

async function* prunedLayer(
  checkpoint: Checkpoint,
  plan: PruningPlan,
  layer: PrunableLayer,
  options: PruneOptions,
  key: RandomKey,
  done: number,
): AsyncGenerator<NamedTensor, void, undefined> {
  const parts: Float32Array[] = [];
  for (const name of layer.weights) {
    const tensor = await checkpoint.read(name);
    parts.push(checkedWeights(checkpoint, name, tensor));
    yield { ...tensor, name: prunedName(plan, name) };
  }
  const weights = parts.length === 1 ? parts[0] : concatenated(parts);
  const shape = joinedShape(checkpoint, layer.weights);
  const target = targetOf(layer.name, options.layerTargets ?? [])?.sparsity ?? options.sparsity;
  const rule = options.rule ?? MAGNITUDE;
  const { mask, kept, threshold } = maskByRule(rule, { weights, shape, sparsity: target, key });
  options.onLayer?.(
    { name: layer.name, target, kept, total: mask.length, threshold },
    done,
    plan.layers.length,
  );
  yield { name: layer.mask, dtype: 'float32', shape, data: mask };
  yield { name: layer.threshold, dtype: 'float32', shape: [], data: Float32Array.of(threshold) };
}

function checkedWeights(
  checkpoint: Checkpoint,
  name: string,
  { dtype, data }: Omit<NamedTensor, 'name'>,
): Float32Array {
  if (!(data instanceof Float32Array) || dtype !== 'float32') {
    throw new DataError(`variable ${name} is ${dtype}, weights must be float32`, { file: checkpoint.path });
  }
  checkFinite(data, `${checkpoint.path}: ${name}`);
  return data;
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function joinedShape(checkpoint: Checkpoint, names: readonly string[]): number[] {
  const shapes = names.map((name) => checkpoint.info(name).shape);
  const [, ...inner] = shapes[0];
  return [shapes.reduce((sum, [rows]) => sum + rows, 0), ...inner];
}
