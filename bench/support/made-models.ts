import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Checkpoint } from '../../src/io/checkpoint-types.ts';
import { openManifest } from '../../test/support/manifest.ts';
import type { Scale } from './bench.ts';
import { type ModelMatrix, type ResNetSize, resnetLayers } from './layers.ts';
import { collectedPattern } from './patterns.ts';

/*
 * Checkpoints of whole models, pruned by magnitude: the variables of the paper's, its masks where the collection has them,
 * and values made up as they are asked for.
 */

/** A variable of a manifest, see `openManifest`. */
interface Variable {
  readonly name: string;
  readonly dtype: 'float32';
  readonly shape: readonly number[];
  readonly hash?: readonly [lo: number, hi: number];
  readonly bernoulli?: number;
  readonly smtx?: string;
  readonly transpose?: boolean;
  readonly constant?: number;
}

/** What decides the sizes of a Transformer. */
export interface TransformerSize {
  readonly hidden: number;
  readonly filter: number;
  readonly vocabulary: number;
  readonly layers: number;
}

/** The paper's Transformer, or a tiny one. */
export function transformerSize(scale: Scale): TransformerSize {
  return scale === 'smoke'
    ? { hidden: 32, filter: 64, vocabulary: 64, layers: 1 }
    : { hidden: 512, filter: 2048, vocabulary: 33_288, layers: 6 };
}

/** A Transformer with so many of its weights zero. @param sparsity as the collection files it, such as `0.9` */
export function madeTransformer(size: TransformerSize, sparsity: string): Promise<Checkpoint> {
  const { hidden, filter, vocabulary, layers } = size;
  const top = 'sparse_transformer/';
  const model = size.hidden === 512 && size.filter === 2048 ? 'transformer' : undefined;
  const matrix = (path: string, cols: number, rows: number): Variable[] => {
    const scope = `${path}/fully_connected`;
    const name = scope.replaceAll('/', '_');
    return kernel(top + scope, [cols, rows], { name, model, rows, cols }, sparsity);
  };
  const norm = (path: string): Variable[] => {
    const scope = `${top}${path}/layer_prepostprocess/layer_norm/layer_norm`;
    return [uniform(`${scope}_scale`, [hidden], 0.5, 1.5), uniform(`${scope}_bias`, [hidden], -0.2, 0.2)];
  };
  const attention = (path: string): Variable[] => [
    ...norm(path),
    ...['q', 'k', 'v', 'output_transform'].flatMap((part) =>
      matrix(`${path}/multihead_attention/${part}`, hidden, hidden),
    ),
  ];
  const feedForward = (path: string): Variable[] => [
    ...norm(path),
    ...matrix(`${path}/conv1`, hidden, filter),
    uniform(`${top}${path}/conv1/fully_connected/biases`, [filter], -0.1, 0.1),
    ...matrix(`${path}/conv2`, filter, hidden),
    uniform(`${top}${path}/conv2/fully_connected/biases`, [hidden], -0.1, 0.1),
  ];
  const stack = (side: string, attentions: readonly string[]): Variable[] => [
    ...Array.from({ length: layers }, (_, layer) => `body/${side}/layer_${layer}`).flatMap((path) => [
      ...attentions.flatMap((kind) => attention(`${path}/${kind}`)),
      ...feedForward(`${path}/ffn`),
    ]),
    ...norm(`body/${side}`),
  ];
  const shared = `${top}symbol_modality_${vocabulary}_${hidden}/shared/`;
  return checkpointOf([
    uniform(`${shared}weights_0`, [vocabulary, hidden], -0.06, 0.06),
    {
      name: `${shared}/mask`,
      dtype: 'float32',
      shape: [vocabulary, hidden],
      bernoulli: 1 - Number(sparsity),
    },
    uniform(`${top}body/target_space_embedding/kernel`, [32, hidden], -0.1, 0.1),
    ...stack('encoder', ['self_attention']),
    ...stack('decoder', ['self_attention', 'encdec_attention']),
  ]);
}

/** A ResNet-50 with so many of its weights zero. @param sparsity as the collection files it, such as `0.9` */
export function madeResNet(size: ResNetSize, sparsity: string): Promise<Checkpoint> {
  const top = 'resnet_model/';
  const norm = (index: number, channels: number): Variable[] => {
    const scope = `${top}batch_normalization${index === 0 ? '' : `_${index}`}`;
    return [
      uniform(`${scope}/gamma`, [channels], 0.5, 1.5),
      uniform(`${scope}/beta`, [channels], -0.2, 0.2),
      uniform(`${scope}/moving_mean`, [channels], -0.2, 0.2),
      uniform(`${scope}/moving_variance`, [channels], 0.5, 1.5),
    ];
  };
  const layers = resnetLayers(size);
  return checkpointOf(
    layers.flatMap((layer, index): Variable[] => {
      const { name, rows, cols, channels, window } = layer;
      const dense = index === layers.length - 1;
      const shape = dense ? [cols, rows] : [window.size, window.size, channels, rows];
      return [
        ...kernel(top + name, shape, layer, sparsity),
        ...(dense ? [uniform(`${top}${name}/biases`, [rows], -0.5, 0.5)] : norm(index, rows)),
      ];
    }),
  );
}

/** Weights that keep the size of activations, and the mask that pruning left of them. */
function kernel(scope: string, shape: readonly number[], matrix: ModelMatrix, sparsity: string): Variable[] {
  const density = 1 - Number(sparsity);
  const bound = Math.sqrt(3 / (matrix.cols * density));
  const smtx = collectedPattern(matrix, sparsity);
  const pattern = smtx === undefined ? { bernoulli: density } : { smtx, transpose: true };
  return [
    uniform(`${scope}/weights`, shape, -bound, bound),
    { name: `${scope}/mask`, dtype: 'float32', shape, ...pattern },
  ];
}

function uniform(name: string, shape: readonly number[], lo: number, hi: number): Variable {
  return { name, dtype: 'float32', shape, hash: [lo, hi] };
}

async function checkpointOf(variables: readonly Variable[]): Promise<Checkpoint> {
  const folder = await mkdtemp(join(tmpdir(), 'tsos-bench-'));
  try {
    const path = join(folder, 'manifest.json');
    await writeFile(path, JSON.stringify({ variables }));
    return await openManifest(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}
