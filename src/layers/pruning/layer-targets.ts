import { UsageError } from '../../base/errors.ts';
import type { Block } from './block.ts';
import { checkSparsity } from './kept-count.ts';

/** What is said of the layers whose name fits. */
export interface LayerChoice {
  /** A part of the name of the layer's weights, or an expression that occurs in it. */
  readonly layer: string | RegExp;
}

/** A sparsity of its own for the layers whose name fits. */
export interface LayerTarget extends LayerChoice {
  /** In [0, 1). */
  readonly sparsity: number;
}

/** One that can be written down. */
export interface NamedTarget extends LayerTarget {
  /** A part of the name of the layer's weights. */
  readonly layer: string;
}

/** Blocks of their own for the layers whose name fits. */
export interface LayerBlock extends LayerChoice {
  readonly block: Block;
}

/**
 * Target, or block, of a layer; undefined where none of them is for it.
 * @throws {UsageError} where several are.
 */
export function targetOf<Choice extends LayerChoice>(
  name: string,
  targets: readonly Choice[],
): Choice | undefined {
  const fitting = targets.filter(({ layer }) =>
    typeof layer === 'string' ? name.includes(layer) : name.search(layer) >= 0,
  );
  if (fitting.length > 1) {
    const [first, second] = fitting.map(({ layer }) => `"${layer}"`);
    throw new UsageError(
      `${name} has the targets of both ${first} and ${second}; make one of them more special`,
    );
  }
  return fitting[0];
}

/**
 * Sparsity of a layer while that of the model is `sparsity` on its way to `target`: `sparsity · (layer target
 * / target)`.
 * @throws {UsageError} where several targets are for the layer.
 */
export function layerSparsity(
  name: string,
  sparsity: number,
  target: number,
  targets: readonly LayerTarget[],
): number {
  const own = targetOf(name, targets);
  return own === undefined ? sparsity : Math.fround(sparsity * Math.fround(own.sparsity / target));
}

/** @throws {UsageError} for a target outside [0, 1). */
export function checkTargetSparsities(targets: readonly LayerTarget[]): void {
  for (const { layer, sparsity } of targets) checkSparsity(sparsity, `target of layer "${layer}":`);
}

/** @throws {UsageError} for a target, or block, that is for none of the layers, and where several are for one layer. */
export function checkTargets(targets: readonly LayerChoice[], names: readonly string[]): void {
  for (const name of names) targetOf(name, targets);
  for (const target of targets) {
    if (names.some((name) => targetOf(name, [target]) !== undefined)) continue;
    const some = `the ${names.length} layers, such as ${names.slice(0, 3).join(', ')}`;
    throw new UsageError(`there is no layer "${target.layer}"; give a part of the name of one of ${some}`);
  }
}
