import { requireOptions } from '../../base/check-arguments.ts';
import type { DeviceTensor, Scope } from '../../graph/device/scope.ts';
import { attention } from '../../graph/differentiation/attention.ts';
import {
  crossEntropy,
  type SmoothedLabel,
  smoothedOverOthers,
} from '../../graph/differentiation/cross-entropy.ts';
import { dropout } from '../../graph/differentiation/dropout.ts';
import { add, affine, multiply, relu } from '../../graph/differentiation/elementwise.ts';
import { gather, paddingMask } from '../../graph/differentiation/embedding.ts';
import { layerNorm } from '../../graph/differentiation/normalisation.ts';
import { weightedMean } from '../../graph/differentiation/reductions.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { matmulMap } from '../../layers/device/linear-map.ts';
import { biasName, embeddingSite, layerSites } from '../../layers/transformer-sites.ts';
import { type TrainingGraph, total, weightedPenalty } from '../training/loss.ts';
import {
  type SparseKernel,
  type SparseTraining,
  sparseKernel,
  trainedLookup,
  trainedProduct,
} from '../training/sparse-kernel.ts';
import { type TrainingVariables, uploadVariables } from '../training/variables.ts';
import { readConfig, type TransformerConfig, type TransformerOptions } from './config.ts';
import { checkDropout, DropoutDraws, NO_DROPOUT, type TransformerDropout } from './dropout.ts';
import type { Sentences, TrainingBatch } from './training-batch.ts';
import { LAYER_NORM_EPSILON } from './weights.ts';

/** A Transformer whose variables lie on the device to be trained. */
export interface TrainableTransformer {
  /** The model as its checkpoint describes it. */
  readonly config: TransformerConfig;
  /** Where it came from. */
  readonly checkpoint: Checkpoint;
  /** What is trained. */
  readonly variables: TrainingVariables;
}

/** Uploads a checkpoint, of any technique, to go on training it; its names are read later, its values now. */
export async function loadTrainableTransformer(
  scope: Scope,
  checkpoint: Checkpoint,
  options: Pick<TransformerOptions, 'technique' | 'heads'> = {},
): Promise<TrainableTransformer> {
  return {
    config: await readConfig(checkpoint, options),
    checkpoint,
    variables: await uploadVariables(scope, checkpoint),
  };
}

/** How a Transformer is trained. */
export interface TransformerTrainingOptions extends SparseTraining {
  /** Share of a label that is spread over the other tokens. */
  readonly labelSmoothing: number;
  /** None unless given. */
  readonly dropout?: TransformerDropout | undefined;
  /** `[1]`: weight of the penalty of variational dropout or L0 regularisation at the step. */
  readonly penaltyWeight: GraphTensor;
}

/**
 * Records a training step of the model up to its gradients, as the original trains it: encoder, decoder with
 * the targets shifted by one, mean loss over target tokens that are no padding, backward.
 * @throws {UsageError} for a dropout that cannot be.
 */
export function trainingGraph(
  tape: Tape,
  model: TrainableTransformer,
  batch: TrainingBatch,
  options: TransformerTrainingOptions,
): TrainingGraph {
  requireOptions('trainingGraph', options, ['labelSmoothing', 'penaltyWeight', 'noise', 'clipAlpha']);
  const { labelSmoothing, penaltyWeight, clipAlpha } = options;
  const { vocabulary } = model.config;
  const network = new TrainedTransformer(tape, model, options);
  const logits = network.logits(batch);
  const label = smoothedOverOthers(vocabulary, labelSmoothing);
  const losses = crossEntropy(tape, logits, batch.labels, label);
  const mean = weightedMean(tape, losses, batch.labelWeights);
  const penalty = weightedPenalty(tape, network.kernels, penaltyWeight, clipAlpha);
  const parts = {
    crossEntropy: affine(tape, mean, 1, -smallestCrossEntropy(label, vocabulary)),
    ...(penalty ? { penalty } : {}),
  };
  const loss = total(tape, Object.values(parts));
  const parameters = model.variables.trained;
  return { logits, loss, parts, parameters, gradients: tape.gradients(loss, parameters) };
}

/**
 * Cross-entropy of a perfect prediction of smoothed labels, which Tensor2Tensor takes off so that the loss
 * can reach 0.
 */
function smallestCrossEntropy({ right, wrong }: SmoothedLabel, classes: number): number {
  return -(right * Math.log(right) + (classes - 1) * wrong * Math.log(wrong + 1e-20));
}

/** Which sentences the columns of packed rows are of. */
function segmentsOf(
  { segments: queries }: Sentences,
  { segments: keys }: Sentences,
): { readonly queries: GraphTensor; readonly keys: GraphTensor } | undefined {
  return queries && keys && { queries, keys };
}

/** What attention and feed-forward layers need of the activations they work on. */
interface Activations {
  readonly x: GraphTensor;
  readonly sentences: Sentences;
}

/**
 * The forward pass, layer by layer (spec: transformer, 1.7 to 1.11 and 6.3); collects the kernels on the way.
 */
class TrainedTransformer {
  readonly kernels: SparseKernel[] = [];
  readonly #tape: Tape;
  readonly #model: TrainableTransformer;
  readonly #training: SparseTraining;
  readonly #dropout: TransformerDropout;
  readonly #draws: DropoutDraws;
  readonly #embedding: SparseKernel;

  constructor(tape: Tape, model: TrainableTransformer, training: TransformerTrainingOptions) {
    this.#tape = tape;
    this.#model = model;
    this.#training = training;
    this.#dropout = training.dropout ?? NO_DROPOUT;
    checkDropout(this.#dropout);
    this.#draws = new DropoutDraws(tape.graph, training.noise);
    const { embeddingScope, technique } = model.config;
    const site = embeddingSite(model.checkpoint, embeddingScope, technique);
    this.#embedding = this.#collected(sparseKernel(model.variables, site, technique));
  }

  /** `[V, target columns]` */
  logits({ sources, targets, targetSpace }: TrainingBatch): GraphTensor {
    const { encoderLayers, decoderLayers, vocabulary } = this.#model.config;
    const body = this.#body();
    const embedded = this.#embedded(sources, 'inputs');
    const { keep, keyBias } = paddingMask(this.#tape.graph, embedded);
    const table = this.#model.variables.trainable(`${body}/target_space_embedding/kernel`);
    const offset = add(this.#tape, this.#timing(sources), gather(this.#tape, table, targetSpace));
    let x = this.#dropped('encoder input', add(this.#tape, embedded, offset), sources);
    for (let layer = 0; layer < encoderLayers; layer++) {
      const path = `${body}/encoder/layer_${layer}`;
      x = this.#attention(`${path}/self_attention`, { x, sentences: sources }, { keyBias });
      // The original's encoder takes padding out here and lets all of the batch share the noise.
      x = this.#feedForward(`${path}/ffn`, { x, sentences: sources }, 1, keep);
    }
    const memory = { x: this.#norm(`${body}/encoder`, x), sentences: sources };
    const timed = add(this.#tape, this.#embedded(targets, 'targets'), this.#timing(targets));
    let y = this.#dropped('decoder input', timed, targets);
    for (let layer = 0; layer < decoderLayers; layer++) {
      const path = `${body}/decoder/layer_${layer}`;
      y = this.#attention(`${path}/self_attention`, { x: y, sentences: targets }, { causal: true });
      y = this.#attention(`${path}/encdec_attention`, { x: y, sentences: targets }, { memory, keyBias });
      y = this.#feedForward(`${path}/ffn`, { x: y, sentences: targets }, targets.count);
    }
    return trainedProduct(
      this.#tape,
      this.#embedding,
      matmulMap(this.#tape, { transposeB: true }),
      this.#norm(`${body}/decoder`, y),
      this.#training,
      { site: 'softmax', shape: [vocabulary, y.shape[1]] },
    );
  }

  /** Rows of the embedding, scaled; zeros for padding. */
  #embedded({ ids, scale }: Sentences, site: string): GraphTensor {
    return multiply(this.#tape, trainedLookup(this.#tape, this.#embedding, ids, this.#training, site), scale);
  }

  /** `[H, columns]` */
  #timing({ timing, positions }: Sentences): GraphTensor {
    return gather(this.#tape, timing, positions);
  }

  /** `x + MHA(LN(x), memory or the same)` */
  #attention(
    path: string,
    { x, sentences }: Activations,
    {
      memory,
      keyBias,
      causal = false,
    }: { readonly memory?: Activations; readonly keyBias?: GraphTensor; readonly causal?: boolean },
  ): GraphTensor {
    const normalised = this.#norm(path, x);
    const keys = memory ?? { x: normalised, sentences };
    const part = (leaf: string, input: GraphTensor) =>
      this.#linear(`${path}/multihead_attention/${leaf}`, input, sentences.count);
    const shape = {
      sentences: sentences.count,
      heads: this.#model.config.heads,
      queries: sentences.length,
      keys: keys.sentences.length,
      causal,
    };
    const { attention: rate, attentionBroadcastDims: dims } = this.#dropout;
    const attended = attention(this.#tape, shape, {
      query: part('q', normalised),
      key: part('k', keys.x),
      value: part('v', keys.x),
      keyBias,
      segments: segmentsOf(sentences, keys.sentences),
      dropout:
        rate === 0 ? undefined : this.#draws.ofAttention(rate, `${path}/attention_weights`, shape, dims),
    });
    return this.#residual(path, { x, sentences }, part('output_transform', attended));
  }

  /** `x + keep · FFN(LN(x))` @param batch see `#linear` */
  #feedForward(path: string, input: Activations, batch: number, keep?: GraphTensor): GraphTensor {
    const { sentences } = input;
    const inner = relu(this.#tape, this.#biased(`${path}/conv1`, this.#norm(path, input.x), batch));
    const { relu: rate, reluBroadcastDims: dims } = this.#dropout;
    const kept = this.#dropped(`${path}/relu`, inner, sentences, rate, dims);
    const outer = this.#biased(`${path}/conv2`, kept, batch);
    return this.#residual(path, input, keep ? multiply(this.#tape, outer, keep) : outer);
  }

  /** `x + dropout(layer)` */
  #residual(path: string, { x, sentences }: Activations, layer: GraphTensor): GraphTensor {
    const { layerPrepostprocess, layerPrepostprocessBroadcastDims } = this.#dropout;
    const site = `${path}/layer_postprocess`;
    return add(
      this.#tape,
      x,
      this.#dropped(site, layer, sentences, layerPrepostprocess, layerPrepostprocessBroadcastDims),
    );
  }

  #dropped(
    site: string,
    x: GraphTensor,
    { count: sentences, length }: Sentences,
    rate: number = this.#dropout.layerPrepostprocess,
    dims: readonly number[] = [],
  ): GraphTensor {
    if (rate === 0) return x;
    const of = { features: x.shape[0], sentences, length };
    return dropout(this.#tape, x, this.#draws.ofActivations(rate, site, of, dims));
  }

  #biased(path: string, x: GraphTensor, batch: number): GraphTensor {
    const { checkpoint, config, variables } = this.#model;
    const bias = variables.trainable(biasName(checkpoint, path, config.technique));
    return add(this.#tape, this.#linear(path, x, batch), bias);
  }

  /** `kernelᵀ · x`. @param batch parts of the columns, one behind the other, that have noise of their own */
  #linear(path: string, x: GraphTensor, batch: number): GraphTensor {
    const { checkpoint, config, variables } = this.#model;
    const [site] = layerSites(checkpoint, path, config.technique);
    const kernel = this.#collected(sparseKernel(variables, site, config.technique));
    return trainedProduct(this.#tape, kernel, matmulMap(this.#tape), x, this.#training, {
      site: kernel.theta.name,
      shape: [kernel.theta.shape[1], batch],
      shared: x.shape[1] / batch,
    });
  }

  #norm(path: string, x: GraphTensor): GraphTensor {
    const name = `${path}/layer_prepostprocess/layer_norm/layer_norm`;
    const part = (leaf: string): DeviceTensor => this.#model.variables.trainable(`${name}_${leaf}`);
    return layerNorm(this.#tape, x, { scale: part('scale'), bias: part('bias') }, LAYER_NORM_EPSILON);
  }

  #collected(kernel: SparseKernel): SparseKernel {
    this.kernels.push(kernel);
    return kernel;
  }

  #body(): string {
    return `${this.#model.config.scope}/body`;
  }
}
