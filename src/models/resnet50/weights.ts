import { DataError } from '../../base/errors.ts';
import type { Scope } from '../../graph/device/scope.ts';
import {
  type ConvolutionWeight,
  uploadConvolution,
  type Window,
} from '../../graph/weights/convolution-weight.ts';
import type { CsrMatrix } from '../../graph/weights/csr.ts';
import { uploadWeight, type Weight } from '../../graph/weights/weight.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { readEffectiveMatrix } from '../../layers/effective-weights.ts';
import { readFiniteFloats } from '../../layers/finite-floats.ts';
import { ResNetVariables } from '../../layers/resnet-sites.ts';
import { inOrder, PartLoader } from '../loading/part-loader.ts';
import { type BatchNorm, foldBatchNorm } from './batch-norm.ts';
import {
  BLOCK_LAYERS,
  identityScope,
  projectingScope,
  type ResNetConfig,
  type ResNetOptions,
} from './config.ts';

/** A residual block: the convolutions of its main path, and that of its shortcut where it is no identity. */
export interface Block {
  readonly projection: ConvolutionWeight | undefined;
  readonly main: readonly ConvolutionWeight[];
}

/** All of a residual network on the device, batch normalisations folded into the convolutions. */
export interface ResNetWeights {
  readonly initial: ConvolutionWeight;
  readonly groups: readonly (readonly Block[])[];
  /** `[classes, features]` */
  readonly dense: Weight;
}

/** Strides of the first blocks of the groups. */
export const GROUP_STRIDES = [1, 2, 2, 2];
/** Channels of a picture. */
const COLOURS = 3;

/** Names of all layers whose kernels can be sparse, in the order the original creates them. */
export function layerScopes(config: Pick<ResNetConfig, 'kind' | 'blocks'>): string[] {
  const { kind, blocks } = config;
  const parts = Array.from({ length: BLOCK_LAYERS[kind] }, (_, index) => index + 1);
  const scopes = ['initial_conv'];
  blocks.forEach((count, index) => {
    const group = index + 1;
    scopes.push(...(['projection', ...parts] as const).map((part) => projectingScope(kind, group, part)));
    for (let block = 1; block < count; block++) {
      scopes.push(...parts.map((part) => identityScope(kind, group, block, part)));
    }
  });
  return [...scopes, 'final_dense'];
}

/**
 * Reads all layers, folds the batch normalisations and uploads, layer by layer, so that beside the device never more than a
 * few compressed kernels are held.
 */
export async function loadWeights(
  scope: Scope,
  checkpoint: Checkpoint,
  config: ResNetConfig,
  options: ResNetOptions,
): Promise<ResNetWeights> {
  const { kind, blocks } = config;
  const held = { format: options.format, values: config.valuePrecision };
  const variables = new ResNetVariables(checkpoint);
  const parts = new PartLoader();
  const total = layerScopes(config).length;
  let done = 0;

  const kernel = (name: string): Promise<CsrMatrix> => {
    const { site, technique } = variables.layer(name, config.technique);
    const threshold = config.threshold?.value;
    return readEffectiveMatrix(checkpoint, site, technique, {
      transpose: true,
      ...(threshold === undefined ? {} : { threshold }),
    });
  };

  // Batch normalisations are numbered in the order their convolutions were made.
  let convolutions = 0;
  const convolution = (name: string, stride: number, channels: number): Coming<ConvolutionWeight> => {
    const index = convolutions++;
    const norm = index === 0 ? 'batch_normalization' : `batch_normalization_${index}`;
    const { size, outputs } = kernelShape(checkpoint, variables.find(name, 'weights'), channels);
    const weight = parts.load(async () => {
      const csr = await kernel(name);
      const { nnz } = csr;
      const { matrix, bias } = foldBatchNorm(csr, await readBatchNorm(checkpoint, variables, norm, csr.rows));
      const window = fixedPadding(size, stride);
      const uploaded = uploadConvolution(scope, name, matrix, window, { bias, ...held });
      options.onProgress?.(++done, total);
      return { ...uploaded, nnz };
    });
    return { loaded: weight, channels: outputs };
  };

  const block = (group: number, index: number, channels: number): Coming<Block> => {
    const projects = index === 0;
    const stride = projects ? GROUP_STRIDES[group - 1] : 1;
    const projection = projects
      ? convolution(projectingScope(kind, group, 'projection'), stride, channels)
      : undefined;
    const main: Promise<ConvolutionWeight>[] = [];
    let inner = channels;
    for (let part = 1; part <= BLOCK_LAYERS[kind]; part++) {
      const name = projects ? projectingScope(kind, group, part) : identityScope(kind, group, index, part);
      const own = part === stridingPart(kind) ? stride : 1;
      const layer = convolution(name, own, inner);
      main.push(layer.loaded);
      inner = layer.channels;
      if (part === BLOCK_LAYERS[kind]) expectSum(checkpoint, name, inner, projection?.channels ?? channels);
    }
    return { loaded: inOrder({ projection: projection?.loaded, main: inOrder(main) }), channels: inner };
  };

  try {
    const initial = convolution('initial_conv', 2, COLOURS);
    let { channels } = initial;
    const groups = blocks.map((count, group) =>
      Array.from({ length: count }, (_, index) => {
        const each = block(group + 1, index, channels);
        channels = each.channels;
        return each.loaded;
      }),
    );
    const dense = parts.load(async () => {
      const csr = await kernel('final_dense');
      if (csr.cols !== channels) {
        throw new DataError(`final_dense takes ${csr.cols} features, what comes in has ${channels}`, {
          file: checkpoint.path,
        });
      }
      const biases = variables.find('final_dense', 'biases');
      const bias = await readFiniteFloats(checkpoint, biases, [csr.rows]);
      const weight = uploadWeight(scope, 'final_dense', csr, { bias, ...held });
      options.onProgress?.(++done, total);
      return weight;
    });
    return await inOrder({ initial: initial.loaded, groups: inOrder(groups.map(inOrder)), dense });
  } finally {
    await parts.close();
  }
}

/** A part of the network under way, and how many channels it gives. */
interface Coming<T> {
  readonly loaded: Promise<T>;
  readonly channels: number;
}

/** The stride sits in the first 3×3 convolution of a block ("v1.5"). */
export function stridingPart(kind: ResNetConfig['kind']): number {
  return kind === 'bottleneck' ? 2 : 1;
}

/** As many zeros before and after, whatever the size of the picture. */
function fixedPadding(size: number, stride: number): Window {
  return { size, stride, padBefore: Math.floor((size - 1) / 2) };
}

/** Side and output channels of the kernel of a convolution of so many channels. */
function kernelShape(
  checkpoint: Checkpoint,
  name: string,
  channels: number,
): { size: number; outputs: number } {
  const { shape } = checkpoint.info(name);
  const [size, width, inputs, outputs] = shape;
  if (shape.length === 4 && size === width && size % 2 === 1 && inputs === channels) return { size, outputs };
  throw new DataError(
    `${name} is [${shape.join(', ')}], expected [k, k, ${channels}, any] with an odd k: what comes in has ${channels} channels`,
    { file: checkpoint.path },
  );
}

/** A block adds what its last convolution gives to its shortcut. */
function expectSum(checkpoint: Checkpoint, name: string, channels: number, shortcut: number): void {
  if (channels === shortcut) return;
  throw new DataError(`${name} gives ${channels} channels, the shortcut it is added to has ${shortcut}`, {
    file: checkpoint.path,
  });
}

async function readBatchNorm(
  checkpoint: Checkpoint,
  variables: ResNetVariables,
  scope: string,
  channels: number,
): Promise<BatchNorm> {
  const part = (leaf: string) => readFiniteFloats(checkpoint, variables.find(scope, leaf), [channels]);
  const norm = {
    gamma: await part('gamma'),
    beta: await part('beta'),
    movingMean: await part('moving_mean'),
    movingVariance: await part('moving_variance'),
  };
  const negative = norm.movingVariance.findIndex((variance) => variance < 0);
  if (negative < 0) return norm;
  throw new DataError(
    `${scope}/moving_variance holds ${norm.movingVariance[negative]} at element ${negative}, which is no variance`,
    { file: checkpoint.path },
  );
}
