import { windowExtent } from '../../graph/operations/convolution-operations.ts';
import type { Window } from '../../graph/weights/convolution-weight.ts';
import { EVALUATION_SIZE } from '../../io/pictures/evaluation-picture.ts';
import {
  BLOCK_LAYERS,
  identityScope,
  projectingScope,
  type ResNetDepth,
  residualBlocks,
} from '../resnet50/config.ts';
import { GROUP_STRIDES, layerScopes, stridingPart } from '../resnet50/weights.ts';
import type { ModelMatrix } from './model-variable.ts';

/** A convolution of a residual network and the pictures it meets. The final dense layer is one of a 1×1 picture. */
export interface ResNetLayerShape extends ModelMatrix {
  readonly window: Window;
  readonly channels: number;
  /** Side of the pictures that come in. */
  readonly side: number;
  /** Side of the pictures that go out. */
  readonly outSide: number;
}

/** What decides the sizes of a residual network. */
export interface ResNetSize {
  /** 50 unless given. */
  readonly depth?: ResNetDepth | undefined;
  /** Channels of the first convolution. */
  readonly width: number;
  /** How many it tells apart. */
  readonly classes: number;
}

/** The paper's. */
export const PAPER_RESNET_50: ResNetSize = { width: 64, classes: 1000 };

/** Channels that a block gives, for one of its first convolution. */
const EXPANSION = { bottleneck: 4, residual: 1 } as const;

/**
 * All layers in the order the original creates them (He et al. 2016, with the stride of a bottleneck in its 3×3 convolution):
 * 54 of ResNet-50.
 * @throws {UsageError} for a depth that there is not.
 */
export function resnetLayers({ depth = 50, width, classes }: ResNetSize): ResNetLayerShape[] {
  const { kind, blocks } = residualBlocks(depth);
  const layers = new Map<string, ResNetLayerShape>();
  const isPaper = depth === 50 && width === PAPER_RESNET_50.width && classes === PAPER_RESNET_50.classes;
  const model = isPaper ? 'rn50' : undefined;
  const add = (name: string, rows: number, channels: number, size: number, stride: number, side: number) => {
    const window = { size, stride, padBefore: (size - 1) / 2 };
    const outSide = windowExtent(window, side, window.padBefore);
    const cols = size * size * channels;
    layers.set(name, { name, model, rows, cols, window, channels, side, outSide });
    return outSide;
  };
  let side = add('initial_conv', width, 3, 7, 2, EVALUATION_SIZE) / 2;
  let channels = width;
  blocks.forEach((count, index) => {
    const group = index + 1;
    const filters = width * 2 ** index;
    const outputs = EXPANSION[kind] * filters;
    for (let block = 0; block < count; block++) {
      const stride = block === 0 ? GROUP_STRIDES[index] : 1;
      const scope = (part: number) =>
        block === 0 ? projectingScope(kind, group, part) : identityScope(kind, group, block, part);
      if (block === 0) add(projectingScope(kind, group, 'projection'), outputs, channels, 1, stride, side);
      for (let part = 1; part <= BLOCK_LAYERS[kind]; part++) {
        const rows = part === BLOCK_LAYERS[kind] ? outputs : filters;
        const size = kind === 'residual' || part === 2 ? 3 : 1;
        side = add(scope(part), rows, channels, size, part === stridingPart(kind) ? stride : 1, side);
        channels = rows;
      }
    }
  });
  add('final_dense', classes, channels, 1, 1, 1);
  return layerScopes({ kind, blocks }).map((name) => layers.get(name)!);
}
