import { pictureColumns, windowExtent } from '../../src/graph/convolution-operations.ts';
import type { Window } from '../../src/graph/convolution-weight.ts';
import { BLOCK_LAYERS, identityScope, projectingScope } from '../../src/models/resnet50/config.ts';
import { GROUP_STRIDES, layerScopes } from '../../src/models/resnet50/weights.ts';
import type { Scale } from './bench.ts';

/** A matrix of a model: A of `C[rows, N] = A[rows, cols] · B[cols, N]`. */
export interface ModelMatrix {
  /** As the Deep Learning Matrix Collection calls it. */
  readonly name: string;
  /** Where the collection has its pattern; nowhere for matrices of models of another size. */
  readonly model: 'transformer' | 'rn50' | undefined;
  readonly rows: number;
  readonly cols: number;
}

/** A convolution of ResNet-50 and the pictures it meets. The final dense layer is one of a 1×1 picture. */
export interface ResNetLayer extends ModelMatrix {
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

const RESNET_50: ResNetSize = { width: 64, classes: 1000 };
const BLOCKS = [3, 4, 6, 3];
const PICTURE_SIDE = 224;

/** All 54 layers in the order the original creates them (He et al. 2016, stride in the 3×3 convolutions). */
export function resnetLayers({ width, classes }: ResNetSize): ResNetLayer[] {
  const layers = new Map<string, ResNetLayer>();
  const model = width === RESNET_50.width && classes === RESNET_50.classes ? 'rn50' : undefined;
  const add = (name: string, rows: number, channels: number, size: number, stride: number, side: number) => {
    const window = { size, stride, padBefore: (size - 1) / 2 };
    const outSide = windowExtent(window, side, window.padBefore);
    const cols = size * size * channels;
    layers.set(name, { name, model, rows, cols, window, channels, side, outSide });
    return outSide;
  };
  let side = add('initial_conv', width, 3, 7, 2, PICTURE_SIDE) / 2;
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

/** The sizes a benchmark takes. */
export function resnetSize(scale: Scale): ResNetSize {
  return scale === 'smoke' ? { width: 4, classes: 8 } : RESNET_50;
}

/** A product of a model. */
export interface ProductShape extends ModelMatrix {
  /** N: columns of the dense operand, a multiple of 4. */
  readonly n: number;
}

/** Columns of a Transformer's products: decoding 8 sentences with beam 4, and encoding 8 of 32 tokens. */
const TRANSFORMER_COLUMNS = [32, 256];

/** The products of both models, each shape once; ResNet-50's columns are the pixels of one picture. */
export function productShapes(scale: Scale): ProductShape[] {
  if (scale === 'smoke') return [{ name: 'smoke', model: undefined, rows: 24, cols: 32, n: 16 }];
  const resnet = resnetLayers(resnetSize(scale)).map((layer) => ({
    ...layer,
    n: pictureColumns({ batch: 1, height: layer.outSide, width: layer.outSide }),
  }));
  const transformer = TRANSFORMER_MATRICES.flatMap((matrix) =>
    TRANSFORMER_COLUMNS.map((n) => ({ ...matrix, n })),
  );
  const distinct = new Map<string, ProductShape>();
  for (const shape of [...transformer, LOGITS, ...resnet]) {
    const key = [shape.rows, shape.cols, shape.n].join();
    if (!distinct.has(key)) distinct.set(key, shape);
  }
  const shapes = [...distinct.values()];
  return scale === 'full' ? shapes : shapes.filter(({ name }) => QUICK.has(name));
}

const LAYER = 'body_encoder_layer_0';
const TRANSFORMER_MATRICES: readonly ModelMatrix[] = [
  {
    name: `${LAYER}_self_attention_multihead_attention_q_fully_connected`,
    model: 'transformer',
    rows: 512,
    cols: 512,
  },
  { name: `${LAYER}_ffn_conv1_fully_connected`, model: 'transformer', rows: 2048, cols: 512 },
  { name: `${LAYER}_ffn_conv2_fully_connected`, model: 'transformer', rows: 512, cols: 2048 },
];

/** The embedding as the softmax matrix, which only decoding uses. */
const LOGITS: ProductShape = {
  name: 'symbol_modality_33288_512_shared_',
  model: 'transformer',
  rows: 33_288,
  cols: 512,
  n: TRANSFORMER_COLUMNS[0],
};

const QUICK: ReadonlySet<string> = new Set([
  ...TRANSFORMER_MATRICES.map(({ name }) => name),
  'bottleneck_3_block_group_projection_block_group1',
  'bottleneck_2_block_group_projection_block_group2',
  'bottleneck_3_block_group_projection_block_group3',
  'bottleneck_2_block_group_projection_block_group4',
]);
