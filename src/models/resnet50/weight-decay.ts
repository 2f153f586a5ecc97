import { streamFloat32 } from '../../base/float-stream.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { ResNetVariables } from '../../layers/resnet-sites.ts';
import type { ResNetConfig } from './config.ts';
import { layerScopes } from './weights.ts';

/** Of the original's flags. */
const WEIGHT_DECAY = 1e-4;

/**
 * The part of the original's loss that does not depend on the data: `1e-4 · Σ w² / 2` over all kernels, pruned weights
 * included.
 */
export async function weightDecayLoss(checkpoint: Checkpoint, config: ResNetConfig): Promise<number> {
  const variables = new ResNetVariables(checkpoint);
  let squares = 0;
  for (const scope of layerScopes(config)) {
    for await (const { data } of streamFloat32(checkpoint, [variables.find(scope, 'weights')])) {
      for (const weight of data) squares += weight * weight;
    }
  }
  return (WEIGHT_DECAY * squares) / 2;
}
