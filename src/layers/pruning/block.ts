import { checkOneOf } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import type { PruningMask } from './mask.ts';
import { checkShape, type Floats } from './rank.ts';

/** Blocks of a weight matrix that are kept or pruned as a whole. */
export interface Block {
  /** Rows; −1: all. */
  readonly height: number;
  /** Columns; −1: all. */
  readonly width: number;
  /** What stands for a block: the mean or the largest of its magnitudes. Default mean. */
  readonly pooling?: 'mean' | 'max' | undefined;
}

/**
 * Prunes blocks: the rule is applied to one number for each block, and its decision to all weights of the
 * block. Blocks begin at the first row and column; those at the far ends may be smaller. (Where padding was
 * odd, TensorFlow pools other windows than it prunes.) A weight whose shape without sizes of 1 is no matrix,
 * such as a 3×3 convolution, is pruned element by element, as in the original.
 * @param rule makes a mask from the pooled magnitudes, or the weights themselves.
 * @throws {UsageError} for a block of other than whole sizes, an unknown pooling, or weights of another shape.
 */
export function blockMask(
  weights: Floats,
  shape: readonly number[],
  block: Block,
  rule: (pooled: Floats) => PruningMask,
): PruningMask {
  checkBlock(block);
  checkShape(weights, shape);
  const matrix = shape.filter((size) => size !== 1);
  const height = block.height === -1 ? matrix[0] : block.height;
  const width = block.width === -1 ? matrix[1] : block.width;
  if (matrix.length !== 2 || (height === 1 && width === 1)) return rule(weights);
  const [rows, cols] = matrix;
  const across = Math.ceil(cols / width);
  const blockOf = (i: number) =>
    Math.floor(Math.floor(i / cols) / height) * across + Math.floor((i % cols) / width);
  const pooled = pool(weights, Math.ceil(rows / height) * across, blockOf, block.pooling);
  const decided = rule(pooled);
  const mask = new Float32Array(weights.length);
  let kept = 0;
  for (let i = 0; i < mask.length; i++) kept += mask[i] = decided.mask[blockOf(i)];
  return { mask, kept, threshold: decided.threshold };
}

/** @throws {UsageError} for other than whole sizes, and an unknown pooling. */
export function checkBlock({ height, width, pooling = 'mean' }: Block): void {
  for (const size of [height, width]) {
    if (size === -1 || (Number.isSafeInteger(size) && size >= 1)) continue;
    throw new UsageError(`a block of ${size} weights: give a whole number from 1, or -1 for all`);
  }
  checkOneOf('pooling of a block', pooling, ['mean', 'max']);
}

/** Mean or largest magnitude of each block. */
function pool(
  weights: Floats,
  blocks: number,
  blockOf: (i: number) => number,
  pooling: Block['pooling'] = 'mean',
): Floats {
  const sums = new Float64Array(blocks);
  const sizes = new Uint32Array(blocks);
  for (let i = 0; i < weights.length; i++) {
    const at = blockOf(i);
    const magnitude = Math.abs(weights[i]);
    sums[at] = pooling === 'max' ? Math.max(sums[at], magnitude) : sums[at] + magnitude;
    sizes[at]++;
  }
  const pooled = pooling === 'max' ? sums : sums.map((sum, at) => sum / sizes[at]);
  return weights instanceof Float32Array ? Float32Array.from(pooled) : pooled;
}
