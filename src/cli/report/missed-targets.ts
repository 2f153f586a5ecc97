import type { PrunedLayer } from '../../layers/pruning/prune-checkpoint.ts';
import type { PruningRule } from '../../layers/pruning/rule.ts';
import { note } from '../terminal/print.ts';

/** Points of sparsity by which a layer may miss its target without a word. */
const MISS = 5;

/**
 * Says where pruning came out otherwise than was asked for, as it does where many weights are equal, such as zeros, or in one
 * bin of a histogram, and in layers of a few weights.
 */
export function noteMissedTargets(layers: readonly PrunedLayer[], rule: PruningRule): void {
  const missed = layers
    .map((layer) => ({ ...layer, sparsity: sparsityOf(layer) }))
    .map((layer) => ({ ...layer, miss: Math.abs(layer.sparsity - 100 * layer.target) }))
    .filter(({ miss }) => miss > MISS)
    .sort((a, b) => b.miss - a.miss);
  if (missed.length === 0) return;
  const [{ name, sparsity, target }, ...others] = missed;
  const more = others.length === 0 ? '' : `, and ${others.length} more came out more than ${MISS} points off`;
  // Sorting prunes too much only where a few weights are rounded to none, which "exact" does too.
  const algorithm = rule.method === 'magnitude' ? rule.algorithm : undefined;
  const isTied = algorithm === 'histogram' || (algorithm === 'sort' && sparsity < 100 * target);
  const hint = isTied ? '; --algorithm exact chooses among weights of equal magnitude' : '';
  note(
    `${name} became ${sparsity.toFixed(2)} % sparse, ${(100 * target).toFixed(2)} % was asked for${more}${hint}`,
  );
}

/** In percent. */
export function sparsityOf({ kept, total }: Pick<PrunedLayer, 'kept' | 'total'>): number {
  return 100 * (1 - kept / total);
}
