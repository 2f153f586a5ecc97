import { pictureColumns } from '../../src/graph/operations/convolution-operations.ts';
import type { ModelMatrix } from '../../src/models/full-size/model-variable.ts';
import {
  PAPER_RESNET_50,
  type ResNetLayerShape,
  type ResNetSize,
  resnetLayers,
} from '../../src/models/full-size/resnet-layers.ts';
import { PAPER_TRANSFORMER, type TransformerSize } from '../../src/models/full-size/transformer-variables.ts';
import type { Scale } from './scale.ts';

/** The paper's Transformer, or a tiny one. */
export function transformerSize(scale: Scale): TransformerSize {
  return scale === 'smoke' ? { hidden: 32, filter: 64, vocabulary: 64, layers: 1 } : PAPER_TRANSFORMER;
}

/** The paper's ResNet-50, or a tiny one. */
export function resnetSize(scale: Scale): ResNetSize {
  return scale === 'smoke' ? { width: 4, classes: 8 } : PAPER_RESNET_50;
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

/** A layer of ResNet-50, and how many there are of its kind. */
export interface CountedLayer {
  readonly layer: ResNetLayerShape;
  readonly count: number;
}

/** The layers of ResNet-50: each for itself, or each shape once. */
export function convolutionLayers(scale: Scale): CountedLayer[] {
  const layers = resnetLayers(resnetSize(scale));
  if (scale === 'full') return layers.map((layer) => ({ layer, count: 1 }));
  const shapes = new Map<string, { layer: ResNetLayerShape; count: number }>();
  for (const layer of layers) {
    const { rows, cols, window, side } = layer;
    const shape = [rows, cols, window.size, window.stride, side].join();
    const first = shapes.get(shape);
    if (first) first.count++;
    else shapes.set(shape, { layer, count: 1 });
  }
  return [...shapes.values()].slice(...(scale === 'smoke' ? [1, 3] : []));
}
