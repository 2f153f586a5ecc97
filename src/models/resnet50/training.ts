import { requireOptions } from '../../base/check-arguments.ts';
import { type DeviceTensor, elements, type Scope } from '../../graph/device/scope.ts';
import { convolution } from '../../graph/differentiation/convolution.ts';
import { crossEntropy, smoothedOverAll } from '../../graph/differentiation/cross-entropy.ts';
import { add, relu, scale, square } from '../../graph/differentiation/elementwise.ts';
import { batchNorm, updateMovingAverages } from '../../graph/differentiation/normalisation.ts';
import { type Pictures, picturesAfter, type Sliding } from '../../graph/differentiation/pictures.ts';
import { globalAveragePool, maxPool } from '../../graph/differentiation/pool.ts';
import { sum } from '../../graph/differentiation/reductions.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import { normalisePictures } from '../../graph/operations/convolution-operations.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { matmulMap } from '../../layers/device/linear-map.ts';
import { ResNetVariables } from '../../layers/resnet-sites.ts';
import { type TrainingGraph, total, weightedPenalty } from '../training/loss.ts';
import {
  type SparseKernel,
  type SparseTraining,
  sparseKernel,
  trainedProduct,
} from '../training/sparse-kernel.ts';
import { type TrainingVariables, uploadVariables } from '../training/variables.ts';
import { BATCH_NORM_EPSILON } from './batch-norm.ts';
import {
  BLOCK_LAYERS,
  identityScope,
  projectingScope,
  type ResNetConfig,
  type ResNetOptions,
  readConfig,
} from './config.ts';
import { DEVIATION, MEAN } from './network.ts';
import { GROUP_STRIDES, stridingPart } from './weights.ts';

/** A residual network whose variables lie on the device to be trained. */
export interface TrainableResNet {
  /** The network as its checkpoint describes it. */
  readonly config: ResNetConfig;
  /** What its variables are called. */
  readonly names: ResNetVariables;
  /** What is trained. */
  readonly variables: TrainingVariables;
}

/** Uploads a checkpoint, of any technique, to go on training it. */
export async function loadTrainableResNet(
  scope: Scope,
  checkpoint: Checkpoint,
  options: Pick<ResNetOptions, 'technique' | 'imageSize'> = {},
): Promise<TrainableResNet> {
  return {
    config: await readConfig(checkpoint, options),
    names: new ResNetVariables(checkpoint),
    variables: await uploadVariables(scope, checkpoint),
  };
}

/** How a residual network is trained. */
export interface ResNetTrainingOptions extends SparseTraining {
  /** Share of a label that is spread over all classes. */
  readonly labelSmoothing: number;
  /** Factor of `Σ w² / 2` over all kernels; 1e-4. */
  readonly weightDecay?: number;
  /** `[1]`: weight of the penalty of variational dropout or L0 regularisation at the step. */
  readonly penaltyWeight: GraphTensor;
}

/** Bound of |log α| in the penalty: the original's for this network, whatever the forward pass uses. */
const PENALTY_CLIP = 8;
/** Share of the moving averages that a step keeps. */
const MOMENTUM = 0.9;

/**
 * Records a training step of the network up to its gradients (He et al. 2016, as the original of the paper
 * trains it): forward with the statistics of the batch, the update of the moving averages, loss, backward.
 * @param batch pictures `[B, height, width, 3]` of values 0 … 255, their pixels a multiple of 16; labels
 *   `[B]`
 */
export function trainingGraph(
  tape: Tape,
  model: TrainableResNet,
  batch: { readonly pictures: DeviceTensor; readonly labels: DeviceTensor },
  options: ResNetTrainingOptions,
): TrainingGraph {
  requireOptions('trainingGraph', options, ['labelSmoothing', 'penaltyWeight', 'noise', 'clipAlpha']);
  const network = new TrainedNetwork(tape, model, options);
  const logits = network.logits(batch.pictures);
  const { labelSmoothing, weightDecay = 1e-4, penaltyWeight } = options;
  const pictures = elements(batch.labels);
  const label = smoothedOverAll(model.config.classes, labelSmoothing);
  const squares = network.kernels.map(({ theta }) => sum(tape, square(tape, theta)));
  const penalty = weightedPenalty(tape, network.kernels, penaltyWeight, PENALTY_CLIP);
  const parts = {
    crossEntropy: scale(tape, sum(tape, crossEntropy(tape, logits, batch.labels, label)), 1 / pictures),
    weightDecay: scale(tape, total(tape, squares), weightDecay / 2),
    ...(penalty ? { penalty } : {}),
  };
  const loss = total(tape, Object.values(parts));
  const parameters = model.variables.trained;
  return { logits, loss, parts, parameters, gradients: tape.gradients(loss, parameters) };
}

/** Activations and what their columns are. */
interface Activation {
  readonly x: GraphTensor;
  readonly pictures: Pictures;
}

/** The forward pass, layer by layer; collects the kernels on the way. */
class TrainedNetwork {
  readonly kernels: SparseKernel[] = [];
  readonly #tape: Tape;
  readonly #model: TrainableResNet;
  readonly #training: SparseTraining;
  #convolutions = 0;

  constructor(tape: Tape, model: TrainableResNet, training: SparseTraining) {
    this.#tape = tape;
    this.#model = model;
    this.#training = training;
  }

  /** `[classes, B]` */
  logits(pictures: DeviceTensor): GraphTensor {
    const { kind, blocks } = this.#model.config;
    const { tensor, batch, height, width } = normalisePictures(this.#tape.graph, pictures, MEAN, DEVIATION);
    let at: Activation = { x: tensor, pictures: { count: batch, height, width } };
    at = this.#activated(this.#convolution('initial_conv', at, 2));
    at = this.#maxPool(at);
    blocks.forEach((count, index) => {
      const group = index + 1;
      at = this.#block(at, GROUP_STRIDES[index], (part) => projectingScope(kind, group, part), true);
      for (let block = 1; block < count; block++) {
        at = this.#block(at, 1, (part) => identityScope(kind, group, block, part as number), false);
      }
    });
    return this.#dense(globalAveragePool(this.#tape, at.x, at.pictures));
  }

  /** `relu(shortcut(x) + main(x))` */
  #block(
    input: Activation,
    stride: number,
    scopeOf: (part: number | 'projection') => string,
    projects: boolean,
  ): Activation {
    const { kind } = this.#model.config;
    const shortcut = projects ? this.#convolution(scopeOf('projection'), input, stride) : input;
    const last = BLOCK_LAYERS[kind];
    let at = input;
    for (let part = 1; part <= last; part++) {
      at = this.#convolution(scopeOf(part), at, part === stridingPart(kind) ? stride : 1);
      if (part < last) at = this.#activated(at);
    }
    return this.#activated({ ...at, x: add(this.#tape, at.x, shortcut.x) });
  }

  /** A convolution with its batch normalisation. */
  #convolution(scope: string, { x, pictures }: Activation, stride: number): Activation {
    const kernel = this.#kernel(scope);
    const [kernelHeight, kernelWidth, , outputs] = kernel.theta.shape;
    const sliding: Sliding = {
      kernelHeight,
      kernelWidth,
      stride,
      padding: stride === 1 ? 'same' : 'fixed',
    };
    const after = picturesAfter(pictures, sliding);
    const columns = after.count * after.height * after.width;
    const y = trainedProduct(
      this.#tape,
      kernel,
      (input, weights) => convolution(this.#tape, weights, input, { pictures, ...sliding }),
      x,
      this.#training,
      { site: kernel.theta.name, shape: [outputs, columns] },
    );
    return { x: this.#batchNorm(y, columns), pictures: after };
  }

  /** Batch normalisations are numbered in the order their convolutions are made. */
  #batchNorm(x: GraphTensor, columns: number): GraphTensor {
    const { names, variables } = this.#model;
    const index = this.#convolutions++;
    const scope = index === 0 ? 'batch_normalization' : `batch_normalization_${index}`;
    const parameters = {
      scale: variables.trainable(names.find(scope, 'gamma')),
      bias: variables.trainable(names.find(scope, 'beta')),
    };
    const { y, statistics } = batchNorm(this.#tape, x, parameters, BATCH_NORM_EPSILON);
    updateMovingAverages(this.#tape.graph, statistics, columns, MOMENTUM, {
      mean: variables.constant(names.find(scope, 'moving_mean')),
      variance: variables.constant(names.find(scope, 'moving_variance')),
    });
    return y;
  }

  #activated(at: Activation): Activation {
    return { ...at, x: relu(this.#tape, at.x) };
  }

  #maxPool({ x, pictures }: Activation): Activation {
    const sliding: Sliding = { kernelHeight: 3, kernelWidth: 3, stride: 2, padding: 'same' };
    return { x: maxPool(this.#tape, x, pictures, sliding), pictures: picturesAfter(pictures, sliding) };
  }

  #dense(x: GraphTensor): GraphTensor {
    const { names, variables } = this.#model;
    const kernel = this.#kernel('final_dense');
    const bias = variables.trainable(names.find('final_dense', 'biases'));
    const y = trainedProduct(this.#tape, kernel, matmulMap(this.#tape), x, this.#training, {
      site: kernel.theta.name,
      shape: [kernel.theta.shape[1], x.shape[1]],
    });
    return add(this.#tape, y, bias);
  }

  #kernel(scope: string): SparseKernel {
    const { names, variables, config } = this.#model;
    const { site, technique } = names.layer(scope, config.technique);
    const kernel = sparseKernel(variables, site, technique);
    this.kernels.push(kernel);
    return kernel;
  }
}
