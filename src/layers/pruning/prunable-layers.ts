import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { embeddingShards } from '../transformer-sites.ts';

/** A layer of a dense model as its pruned form stores it. */
export interface PrunableLayer {
  /** What the weights are called in the pruned checkpoint, the first of them where they are in shards. */
  readonly name: string;
  /** Variables of the dense checkpoint whose concatenation along the first axis is the weight matrix. */
  readonly weights: readonly string[];
  /** Names the pruned checkpoint has for a mask of the shape of all weights, and for a scalar. */
  readonly mask: string;
  readonly threshold: string;
}

/** What is to be pruned, and what it is called before and after. */
export interface PruningPlan {
  /** In the order of their names. */
  readonly layers: readonly PrunableLayer[];
  /** New names of weights and biases that change theirs. */
  readonly renamed: ReadonlyMap<string, string>;
}

/**
 * Finds the layers that the paper prunes in a dense Transformer (attention, feed-forward and the shared
 * embedding) or ResNet (all convolutions and the last layer), and the names by which the original's masked
 * layers store them.
 */
export function planPruning(checkpoint: Pick<Checkpoint, 'names'>): PruningPlan {
  const names = new Set(checkpoint.names());
  const layers: PrunableLayer[] = [];
  const renamed = new Map<string, string>();
  for (const name of names) {
    if (name.startsWith('training/')) continue;
    const embedding = EMBEDDING.exec(name)?.[1];
    // The pruning library opens a scope with an empty name there, hence two slashes.
    if (embedding !== undefined) {
      layers.push(layerIn(`${embedding}/`, name, embeddingShards(names, embedding)));
    }
    const masked = maskedVariable(name);
    if (masked === undefined) continue;
    const { scope, leaf } = masked;
    const newName = `${scope}/${leaf}`;
    if (newName !== name) renamed.set(name, newName);
    if (leaf === 'weights' || leaf === 'kernel') layers.push(layerIn(scope, newName, [name]));
  }
  return { layers, renamed };
}

/** Name of a variable, or of an optimizer's slot for it, in the pruned checkpoint. */
export function prunedName({ renamed }: PruningPlan, name: string): string {
  // "s": a name may have any characters in it, line ends too.
  const [, prefix = '', variable, slot = ''] = /^(training\/)?(.*?)(\/[^/]+)?$/s.exec(name)!;
  const own = renamed.get(name);
  if (own !== undefined) return own;
  const ofSlot = renamed.get(variable);
  return ofSlot === undefined ? name : prefix + ofSlot + slot;
}

const EMBEDDING = /^(.*symbol_modality_\d+_\d+\/shared)\/weights_0$/;
/** As Tensor2Tensor stores a dense layer, or, below `fully_connected`, as the original does. */
const TRANSFORMER_LAYER =
  /^(.*\/body\/(?:en|de)coder\/layer_\d+\/(?:\w+_attention\/multihead_attention\/\w+?|ffn\/conv[12]))(_shard_\d+|\/fully_connected)?\/(kernel|weights|bias|biases)$/;
/**
 * A layer's scope may be doubled, or stand below the model's once more: the same layer, built in other ways.
 */
const RESNET_LAYER =
  /^(resnet_model)\/(?:[^/]+\/(?:resnet_model\/)?)?(initial_conv|final_dense|(?:bottleneck|residual)_\w+)\/(weights|biases)$/;

function layerIn(scope: string, name: string, weights: readonly string[]): PrunableLayer {
  return { name, weights, mask: `${scope}/mask`, threshold: `${scope}/threshold` };
}

/** Where a masked layer keeps a variable of a dense one; undefined for a variable of no such layer. */
function maskedVariable(name: string): { scope: string; leaf: string } | undefined {
  const transformer = TRANSFORMER_LAYER.exec(name);
  if (transformer !== null) {
    const [, scope, part, leaf] = transformer;
    // Heads of their own, of a Transformer built with split_heads, are masked in place.
    if (part?.startsWith('_shard')) return { scope: scope + part, leaf };
    return {
      scope: `${scope}/fully_connected`,
      leaf: leaf === 'kernel' || leaf === 'weights' ? 'weights' : 'biases',
    };
  }
  const [, model, layer, leaf] = RESNET_LAYER.exec(name) ?? [];
  return layer === undefined ? undefined : { scope: `${model}/${layer}`, leaf };
}
