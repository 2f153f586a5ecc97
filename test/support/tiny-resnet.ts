import type { Technique } from '../../src/base/technique.ts';
import type { MemoryTensor } from './memory-checkpoint.ts';
import { type Random, randomFrom } from './random.ts';

/** Depths that there are, with the blocks of their groups. */
export const RESNET_DEPTHS = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
  200: [3, 24, 36, 3],
} as const;

export type ResNetDepth = keyof typeof RESNET_DEPTHS;

export interface TinyResNet {
  readonly depth: ResNetDepth;
  readonly technique?: Technique;
  /** Channels of the first layer. */
  readonly width?: number;
  readonly classes?: number;
  readonly seed?: number;
}

/** The variables of a narrow network with random weights, by the names the original gives them. */
export function tinyResNet({
  depth,
  technique = 'dense',
  width = 2,
  classes = 10,
  seed = 1,
}: TinyResNet): Record<string, MemoryTensor> {
  const random = randomFrom(seed);
  const tensors: Record<string, MemoryTensor> = {};
  const layers = convolutionsOf(depth, width);
  layers.forEach(({ scope, shape }, index) => {
    addKernel(tensors, random, technique, scope, shape);
    const norm = `resnet_model/batch_normalization${index === 0 ? '' : `_${index}`}`;
    const channels = [shape[3]];
    tensors[`${norm}/gamma`] = uniform(random, channels, 0.8, 1.2);
    // Mostly above 0, so that the ReLUs of so few channels never drop everything.
    tensors[`${norm}/beta`] = uniform(random, channels, -0.2, 1);
    tensors[`${norm}/moving_mean`] = uniform(random, channels, -0.5, 0.5);
    tensors[`${norm}/moving_variance`] = uniform(random, channels, 0.8, 1.2);
  });
  addKernel(tensors, random, technique, 'final_dense', [layers[layers.length - 1].shape[3], classes]);
  tensors[`${directory(technique, 'final_dense')}/biases`] = uniform(random, [classes], -1, 1);
  return tensors;
}

/** The directory of the variables of a layer. */
export function directory(technique: Technique, scope: string): string {
  switch (technique) {
    case 'dense':
      return `resnet_model/${scope}/${scope}`;
    case 'magnitude_pruning':
    case 'random_pruning':
      return `resnet_model/${scope}`;
    case 'variational_dropout':
    case 'l0_regularization':
      return `resnet_model/${scope}/resnet_model/${scope}`;
  }
}

interface Convolution {
  readonly scope: string;
  /** `[height, width, in, out]` */
  readonly shape: readonly [number, number, number, number];
}

/** In the order the original creates them, which numbers the batch normalisations. */
function convolutionsOf(depth: ResNetDepth, width: number): Convolution[] {
  const bottleneck = depth >= 50;
  const block = bottleneck ? 'bottleneck' : 'residual';
  const found: Convolution[] = [{ scope: 'initial_conv', shape: [7, 7, 3, width] }];
  let channels = width;
  RESNET_DEPTHS[depth].forEach((blocks, index) => {
    const group = index + 1;
    const inner = width * 2 ** index;
    const outer = bottleneck ? 4 * inner : inner;
    for (let n = 0; n < blocks; n++) {
      const end = n === 0 ? `block_group_projection_block_group${group}` : `block_group${group}_${n}_1`;
      if (n === 0) found.push({ scope: `${block}_projection_${end}`, shape: [1, 1, channels, outer] });
      const main: Convolution['shape'][] = bottleneck
        ? [
            [1, 1, channels, inner],
            [3, 3, inner, inner],
            [1, 1, inner, outer],
          ]
        : [
            [3, 3, channels, inner],
            [3, 3, inner, inner],
          ];
      main.forEach((shape, part) => {
        found.push({ scope: `${block}_${part + 1}_${end}`, shape });
      });
      channels = outer;
    }
  });
  return found;
}

/** Weights that neither grow nor shrink what passes through; of a technique that drops some, about half are kept. */
function addKernel(
  tensors: Record<string, MemoryTensor>,
  random: Random,
  technique: Technique,
  scope: string,
  shape: readonly number[],
): void {
  const inputs = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const limit = Math.sqrt(3 / inputs);
  const at = directory(technique, scope);
  tensors[`${at}/weights`] = uniform(random, shape, -limit, limit);
  if (technique === 'magnitude_pruning' || technique === 'random_pruning') {
    tensors[`${at}/mask`] = fill(shape, () => (random() < 0.5 ? 1 : 0));
    tensors[`${at}/threshold`] = fill([], () => 0.1);
  } else if (technique === 'variational_dropout') {
    tensors[`${at}/log_sigma2`] = uniform(random, shape, -6, 4);
  } else if (technique === 'l0_regularization') {
    tensors[`${at}/log_alpha`] = uniform(random, shape, -5, 2);
  }
}

function uniform(random: Random, shape: readonly number[], low: number, high: number): MemoryTensor {
  return fill(shape, () => low + (high - low) * random());
}

function fill(shape: readonly number[], value: () => number): MemoryTensor {
  const length = shape.reduce((product, extent) => product * extent, 1);
  return { shape, data: Float32Array.from({ length }, value) };
}
