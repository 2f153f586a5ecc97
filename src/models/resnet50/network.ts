import type { DeviceTensor } from '../../graph/device/scope.ts';
import {
  averagePool,
  convolution,
  maxPool,
  normalisePictures,
  type PerChannel,
  type Pictures,
} from '../../graph/operations/convolution-operations.ts';
import { product } from '../../graph/operations/operations.ts';
import type { Graph } from '../../graph/plan/graph.ts';
import type { Block, ResNetWeights } from './weights.ts';

/** Of ImageNet's training pictures, red, green and blue, in values 0 … 255. */
export const MEAN: PerChannel = [123.675, 116.28, 103.53];
export const DEVIATION: PerChannel = [58.395, 57.12, 57.375];

/** Called with the pictures after each stage, named as in the original's graph. */
export type OnStage = (stage: Stage, pictures: Pictures) => void;

/** After which stages `ResNet50.stages` tells the activations, in their order. */
export const STAGES = [
  'initial_conv',
  'initial_max_pool',
  'block_group1',
  'block_group2',
  'block_group3',
  'block_group4',
  'final_avg_pool',
] as const;

/** `initial_conv` is after its batch normalisation and ReLU, which are part of the convolution here. */
export type Stage = (typeof STAGES)[number];

/**
 * Records the whole network (He et al. 2016, with the stride in the 3×3 convolutions).
 * @param pictures `[B, S, S, 3]`, S a multiple of 4, values 0 … 255
 * @param logits `[classes, B]`, B padded to a multiple of 4
 */
export function addResNet(
  graph: Graph,
  weights: ResNetWeights,
  pictures: DeviceTensor,
  logits: DeviceTensor,
  onStage: OnStage = () => {},
): void {
  const stage = (name: Stage, x: Pictures): Pictures => {
    onStage(name, x);
    return x;
  };
  const input = normalisePictures(graph, pictures, MEAN, DEVIATION);
  let x = stage('initial_conv', convolution(graph, weights.initial, input, { relu: true }));
  // TensorFlow's SAME: of an even side, the zero that is needed stands behind.
  x = stage('initial_max_pool', maxPool(graph, { size: 3, stride: 2, padBefore: 0 }, x, 1));
  weights.groups.forEach((blocks, index) => {
    for (const block of blocks) x = addBlock(graph, block, x);
    stage(`block_group${(index + 1) as 1 | 2 | 3 | 4}`, x);
  });
  const pooled = averagePool(graph, x);
  onStage('final_avg_pool', { tensor: pooled, batch: x.batch, height: 1, width: 1 });
  product(graph, weights.dense, pooled, { into: logits });
}

/** `relu(shortcut(x) + main(x))` */
function addBlock(graph: Graph, { projection, main }: Block, x: Pictures): Pictures {
  const residual = projection ? convolution(graph, projection, x) : x;
  let y = x;
  main.forEach((weight, index) => {
    const last = index === main.length - 1;
    y = convolution(graph, weight, y, last ? { residual, relu: true } : { relu: true });
  });
  return y;
}
