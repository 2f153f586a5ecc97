import type { PrunedLayer } from '../../layers/pruning/prune-checkpoint.ts';
import type { PruningRule } from '../../layers/pruning/rule.ts';
import { note } from '../terminal/print.ts';

/** Share of a layer by which a layer may miss its target without a word. */
const MISS = 0.05;

/**
 * Says where pruning came out otherwise than was asked for, as it does where many weights are equal, such as zeros, or in one
 * bin of a histogram, and in layers of a few weights.
 */
export function noteMissedTargets(layers: readonly PrunedLayer[], rule: PruningRule): void {
  const missed = layers
    .map((layer) => ({ ...layer, sparsity: sparsityOf(layer) }))
    .map((layer) => ({ ...layer, miss: Math.abs(layer.sparsity - layer.target) }))
    .filter(({ miss }) => miss > MISS)
    .sort((a, b) => b.miss - a.miss);
  if (missed.length === 0) return;
  const [{ name, sparsity, target }, ...others] = missed;
  const more =
    others.length === 0 ? '' : `, and ${others.length} more came out more than ${100 * MISS} points off`;
  // Sorting prunes too much only where a few weights are rounded to none, which "exact" does too.
  const algorithm = rule.method === 'magnitude' ? rule.algorithm : undefined;
  const isTied = algorithm === 'histogram' || (algorithm === 'sort' && sparsity < target);
  const hint = isTied ? '; --algorithm exact chooses among weights of equal magnitude' : '';
  note(
    `${name} became ${(100 * sparsity).toFixed(2)} % sparse, ${(100 * target).toFixed(2)} % was asked for${more}${hint}`,
  );
}

/** The share of zeros. */
export function sparsityOf({ kept, total }: Pick<PrunedLayer, 'kept' | 'total'>): number {
  return 1 - kept / total;
}
