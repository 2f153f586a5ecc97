import { windowExtent } from '../../graph/operations/convolution-operations.ts';
import type { Window } from '../../graph/weights/convolution-weight.ts';
import { BLOCK_LAYERS, identityScope, projectingScope } from '../resnet50/config.ts';
import { PICTURE_SIZE } from '../resnet50/model.ts';
import { GROUP_STRIDES, layerScopes } from '../resnet50/weights.ts';
import type { ModelMatrix } from './model-variable.ts';

/** A convolution of ResNet-50 and the pictures it meets. The final dense layer is one of a 1×1 picture. */
export interface ResNetLayerShape extends ModelMatrix {
  readonly window: Window;
  readonly channels: number;
  /** Side of the pictures that come in. */
  readonly side: number;
  /** Side of the pictures that go out. */
  readonly outSide: number;
}

/** What decides the sizes of a ResNet-50. */
export interface ResNetSize {
  /** Channels of the first convolution. */
  readonly width: number;
  readonly classes: number;
}

/** The paper's. */
export const PAPER_RESNET_50: ResNetSize = { width: 64, classes: 1000 };

const BLOCKS = [3, 4, 6, 3];

/** All 54 layers in the order the original creates them (He et al. 2016, stride in the 3×3 convolutions). */
export function resnetLayers({ width, classes }: ResNetSize): ResNetLayerShape[] {
  const layers = new Map<string, ResNetLayerShape>();
  const model = width === PAPER_RESNET_50.width && classes === PAPER_RESNET_50.classes ? 'rn50' : undefined;
  const add = (name: string, rows: number, channels: number, size: number, stride: number, side: number) => {
    const window = { size, stride, padBefore: (size - 1) / 2 };
    const outSide = windowExtent(window, side, window.padBefore);
    const cols = size * size * channels;
    layers.set(name, { name, model, rows, cols, window, channels, side, outSide });
    return outSide;
  };
  let side = add('initial_conv', width, 3, 7, 2, PICTURE_SIZE) / 2;
  let channels = width;
  BLOCKS.forEach((blocks, index) => {
    const group = index + 1;
    const filters = width * 2 ** index;
    for (let block = 0; block < blocks; block++) {
      const stride = block === 0 ? GROUP_STRIDES[index] : 1;
      const scope = (part: number) =>
        block === 0
          ? projectingScope('bottleneck', group, part)
          : identityScope('bottleneck', group, block, part);
      if (block === 0) {
        add(projectingScope('bottleneck', group, 'projection'), 4 * filters, channels, 1, stride, side);
      }
      add(scope(1), filters, channels, 1, 1, side);
      side = add(scope(2), filters, filters, 3, stride, side);
      add(scope(BLOCK_LAYERS.bottleneck), 4 * filters, filters, 1, 1, side);
      channels = 4 * filters;
    }
  });
  add('final_dense', classes, channels, 1, 1, 1);
  return layerScopes({ kind: 'bottleneck', blocks: BLOCKS }).map((name) => layers.get(name)!);
}
