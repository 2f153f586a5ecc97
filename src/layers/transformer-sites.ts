import type { Technique } from '../base/technique.ts';
import type { Checkpoint } from '../io/checkpoint/checkpoint-types.ts';
import type { Site } from './site.ts';

/** Suffixes of a layer's variables; where several are listed, the first that a checkpoint has. */
interface LayerLeaves {
  readonly weights: readonly string[];
  readonly companion: readonly string[];
  readonly bias: readonly string[];
}

const PRUNING: LayerLeaves = {
  // Masked layers put a scope of their own between; the heads of the split_heads variant do not.
  weights: ['/fully_connected/weights', '/kernel'],
  companion: ['/fully_connected/mask', '/mask'],
  bias: ['/fully_connected/biases', '/bias'],
};

const LEAVES: Record<Technique, LayerLeaves> = {
  // A dense one, or one whose masks were applied and left out.
  dense: { weights: PRUNING.weights.toReversed(), companion: [], bias: PRUNING.bias.toReversed() },
  magnitude_pruning: PRUNING,
  random_pruning: PRUNING,
  variational_dropout: { weights: ['/kernel'], companion: ['/log_sigma2'], bias: ['/bias'] },
  l0_regularization: { weights: ['/kernel'], companion: ['/log_alpha'], bias: ['/bias'] },
};

/**
 * Sites of a layer whose kernel is `[in, out]`: one, or one per head where the model was built with `split_heads`,
 * whose kernels `<scope>_shard_<j>/kernel` are the columns of `[in, out]` in order.
 *
 * @param scope for example `sparse_transformer/body/encoder/layer_0/self_attention/multihead_attention/q`.
 */
export function layerSites(checkpoint: Checkpoint, scope: string, technique: Technique): Site[] {
  const names = new Set(checkpoint.names());
  const heads = headScopes(names, scope, technique);
  const scopes = heads.length > 0 ? heads : [scope];
  return scopes.map((layer) => ({
    weights: [variable(names, layer, LEAVES[technique].weights)],
    companions: technique === 'dense' ? [] : [variable(names, layer, LEAVES[technique].companion)],
  }));
}

/** Name of a layer's bias `[out]`. */
export function biasName(checkpoint: Checkpoint, scope: string, technique: Technique): string {
  return variable(new Set(checkpoint.names()), scope, LEAVES[technique].bias);
}

/**
 * Site of the embedding `[V, H]`, which the softmax shares. Its shards `weights_0`, `weights_1`, … each have their
 * own auxiliary variable in variational dropout and L0 regularisation; pruning has a single mask for all of them.
 *
 * @param scope for example `sparse_transformer/symbol_modality_33288_512/shared`.
 */
export function embeddingSite(checkpoint: Checkpoint, scope: string, technique: Technique): Site {
  const names = new Set(checkpoint.names());
  const weights = embeddingShards(names, scope);
  switch (technique) {
    case 'dense':
      return { weights, companions: [] };
    case 'magnitude_pruning':
    case 'random_pruning':
      // The pruning library opens a scope with an empty name here, hence two slashes in what it writes.
      return { weights, companions: [variable(names, scope, ['//mask', '/mask'])] };
    case 'variational_dropout':
    case 'l0_regularization':
      return { weights, companions: weights.map((name) => `${name}_aux`) };
  }
}

/** Variables of an embedding in the order of their numbers: the first, whether there or not, and those that follow it. */
export function embeddingShards(names: ReadonlySet<string>, scope: string): string[] {
  const shards = [`${scope}/weights_0`];
  while (names.has(`${scope}/weights_${shards.length}`)) shards.push(`${scope}/weights_${shards.length}`);
  return shards;
}

function headScopes(names: ReadonlySet<string>, scope: string, technique: Technique): string[] {
  const heads: string[] = [];
  const isHead = (head: string) => LEAVES[technique].weights.some((leaf) => names.has(head + leaf));
  while (isHead(`${scope}_shard_${heads.length}`)) heads.push(`${scope}_shard_${heads.length}`);
  return heads;
}

/** The first of the candidates that exists; where none does, the usual one, so that the reader's error names it. */
function variable(names: ReadonlySet<string>, scope: string, leaves: readonly string[]): string {
  return scope + (leaves.find((leaf) => names.has(scope + leaf)) ?? leaves[0]);
}
