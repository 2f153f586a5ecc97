import { DataError } from '../../errors.ts';
import { type ConvolutionWeight, uploadConvolution, type Window } from '../../graph/convolution-weight.ts';
import type { CsrMatrix } from '../../graph/csr.ts';
import type { Scope } from '../../graph/scope.ts';
import { uploadWeight, type Weight } from '../../graph/weight.ts';
import type { Checkpoint } from '../../io/checkpoint-types.ts';
import { readEffectiveMatrix } from '../../layers/effective-weights.ts';
import { readFiniteFloats } from '../../layers/finite-floats.ts';
import { ResNetVariables } from '../../layers/resnet-sites.ts';
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
const INITIAL: Window = { size: 7, stride: 2, padBefore: 3 };

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
 * Reads all layers, folds the batch normalisations and uploads, layer by layer, so that beside the device never more than one
 * compressed kernel is held.
 */
export async function loadWeights(
  scope: Scope,
  checkpoint: Checkpoint,
  config: ResNetConfig,
  options: ResNetOptions,
): Promise<ResNetWeights> {
  const { kind, blocks } = config;
  const variables = new ResNetVariables(checkpoint);
  const total = layerScopes(config).length;
  let done = 0;

  const kernel = async (name: string): Promise<CsrMatrix> => {
    const { site, technique } = variables.layer(name, config.technique);
    const threshold = config.threshold?.value;
    return readEffectiveMatrix(checkpoint, site, technique, {
      transpose: true,
      ...(threshold === undefined ? {} : { threshold }),
    });
  };

  // Batch normalisations are numbered in the order their convolutions were made.
  let convolutions = 0;
  const convolution = async (name: string, stride: number): Promise<ConvolutionWeight> => {
    const index = convolutions++;
    const norm = index === 0 ? 'batch_normalization' : `batch_normalization_${index}`;
    const stored = variables.find(name, 'weights');
    const window = name === 'initial_conv' ? INITIAL : fixedPadding(kernelSize(checkpoint, stored), stride);
    expectKernelSize(checkpoint, stored, window);
    const csr = await kernel(name);
    const { nnz } = csr;
    const { matrix, bias } = foldBatchNorm(csr, await readBatchNorm(checkpoint, variables, norm, csr.rows));
    const weight = uploadConvolution(scope, name, matrix, window, { bias, format: options.format });
    options.onProgress?.(++done, total);
    return { ...weight, nnz };
  };

  const block = async (group: number, index: number): Promise<Block> => {
    const projects = index === 0;
    const stride = projects ? GROUP_STRIDES[group - 1] : 1;
    const projection = projects
      ? await convolution(projectingScope(kind, group, 'projection'), stride)
      : undefined;
    const main: ConvolutionWeight[] = [];
    for (let part = 1; part <= BLOCK_LAYERS[kind]; part++) {
      const name = projects ? projectingScope(kind, group, part) : identityScope(kind, group, index, part);
      main.push(await convolution(name, part === stridingPart(kind) ? stride : 1));
    }
    return { projection, main };
  };

  const initial = await convolution('initial_conv', 2);
  const groups: Block[][] = [];
  for (const [index, count] of blocks.entries()) {
    const group: Block[] = [];
    for (let each = 0; each < count; each++) group.push(await block(index + 1, each));
    groups.push(group);
  }
  const csr = await kernel('final_dense');
  const bias = await readFiniteFloats(checkpoint, variables.find('final_dense', 'biases'), [csr.rows]);
  const dense = uploadWeight(scope, 'final_dense', csr, { bias, format: options.format });
  options.onProgress?.(++done, total);
  return { initial, groups, dense };
}

/** The stride sits in the first 3×3 convolution of a block ("v1.5"). */
export function stridingPart(kind: ResNetConfig['kind']): number {
  return kind === 'bottleneck' ? 2 : 1;
}

/** As many zeros before and after, whatever the size of the picture. */
function fixedPadding(size: number, stride: number): Window {
  return { size, stride, padBefore: Math.floor((size - 1) / 2) };
}

function kernelSize(checkpoint: Checkpoint, name: string): number {
  const { shape } = checkpoint.info(name);
  return shape[0];
}

function expectKernelSize(checkpoint: Checkpoint, name: string, { size }: Window): void {
  const { shape } = checkpoint.info(name);
  if (shape.length === 4 && shape[0] === size && shape[1] === size && size % 2 === 1) return;
  throw new DataError(`${name} is [${shape}], expected a kernel [${size}, ${size}, in, out] of odd size`, {
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
  return {
    gamma: await part('gamma'),
    beta: await part('beta'),
    movingMean: await part('moving_mean'),
    movingVariance: await part('moving_variance'),
  };
}
