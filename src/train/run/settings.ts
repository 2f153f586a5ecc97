import {
  agreeing,
  anything,
  fields,
  listOf,
  oneOf,
  optional,
  real,
  recordOf,
  type Shape,
  type ShapesOf,
  text,
  whole,
} from '../../base/json-shape.ts';
import { TECHNIQUES, type Technique } from '../../base/technique.ts';
import type { NamedTarget } from '../../layers/pruning/layer-targets.ts';
import type { ModelKind } from '../../models/model-kind.ts';
import { RESNET_DEPTHS, type ResNetDepth } from '../../models/resnet50/config.ts';
import { REGULARIZATIONS, type Regularization } from '../../models/transformer/dropout.ts';

/** What trainings of both models are told, by the names of the options of `tsos train`. */
export interface CommonSettings {
  /** How layers are sparsified. */
  readonly technique: Technique;
  /** Decides on initial values, the order of the data, crops and noise. */
  readonly seed: number;
  /** Steps of the optimiser. */
  readonly trainSteps: number;
  /** Tokens of a side for the Transformer, padding included; pictures for the ResNet. */
  readonly batchSize: number;
  /** What of a batch the device works on at once; the whole unless given. */
  readonly microBatch?: number | undefined;

  /** Pruning: share of the weights of each layer that goes, in [0, 1). */
  readonly targetSparsity?: number | undefined;
  /** Pruning begins; 0 unless given. */
  readonly beginPruningStep?: number | undefined;
  /** The target is reached; at the last step unless given. */
  readonly endPruningStep?: number | undefined;
  /** Steps between two updates of the masks. */
  readonly pruningFrequency?: number | undefined;
  /** Other targets, for layers that have this in their names. */
  readonly perLayer?: readonly NamedTarget[] | undefined;

  /** Variational dropout and L0 regularisation: weight of the penalty when it is whole. */
  readonly penaltyWeight?: number | undefined;
  /** Step up to which the weight is 0. */
  readonly penaltyBegin?: number | undefined;
  /** Step from which the weight is whole; the last unless given. */
  readonly penaltyEnd?: number | undefined;
  /** How the weight rises. */
  readonly penaltyFunction?: 'linear' | 'cubic' | undefined;
  /** Variational dropout: bound of |log α|. */
  readonly clipLogAlpha: number;

  /** Pruning: share that masks will drop; weights begin larger accordingly. */
  readonly initialSparsity?: number | undefined;
  /** Variational dropout: first value of log σ². */
  readonly initialLogSigma2?: number | undefined;
  /** L0 regularisation: mean of the first values of log α. */
  readonly initialLogAlpha?: number | undefined;
  /** Variational dropout and L0 regularisation: how many times the learning rate log σ², or log α, has; 1 unless given. */
  readonly auxiliaryRateScale?: number | undefined;
  /** Path of a checkpoint whose variables are begun with. */
  readonly warmStartFrom?: string | undefined;
  /** Path of a checkpoint whose masks are begun with, and stay. */
  readonly loadMasksFrom?: string | undefined;
  /** Path of a checkpoint of which all but masks is begun with. */
  readonly loadWeightsFrom?: string | undefined;

  /** Steps from one evaluation to the next; without it only the last is evaluated. */
  readonly evalEvery?: number | undefined;
  /** Steps from one checkpoint to the next. */
  readonly checkpointEvery: number;
  /** How many checkpoints are kept. */
  readonly keep: number;
  /** Steps from one record of metrics to the next. */
  readonly logEvery: number;
}

/** By which gradients change the weights of a Transformer. */
export type Optimizer = 'adam' | 'adafactor';

/** All of them. */
export const OPTIMIZERS = ['adam', 'adafactor'] as const satisfies readonly Optimizer[];

/** How the learning rate of a Transformer goes over the steps. */
export type LearningRateSchedule = 'rsqrt' | 'rsqrt_decay' | 'legacy' | 'linear';

/** All of them. */
export const LEARNING_RATE_SCHEDULES = [
  'rsqrt',
  'rsqrt_decay',
  'legacy',
  'linear',
] as const satisfies readonly LearningRateSchedule[];

/** How a Transformer is trained. */
export interface TransformerSettings extends CommonSettings {
  /** Tells it from a residual network. */
  readonly model: 'transformer';
  /** Paths of sentences, one a line; unless `data` are given. */
  readonly inputs?: readonly string[] | undefined;
  /** Paths of their translations: as many files, with as many lines. */
  readonly targets?: readonly string[] | undefined;
  /** Paths of TFRecord files of a translation problem of Tensor2Tensor, packed or not, or of folders with `*-train-*` files. */
  readonly data?: readonly string[] | undefined;
  /** Paths of sentences to evaluate with on the way, which training does not see. */
  readonly evalInputs?: readonly string[] | undefined;
  /** Paths of their translations. */
  readonly evalTargets?: readonly string[] | undefined;
  /** Path of the subword vocabulary. */
  readonly vocab: string;
  /** Features of a token. */
  readonly hiddenSize: number;
  /** Inner features of feed-forward layers. */
  readonly filterSize: number;
  /** Attention heads. */
  readonly numHeads: number;
  /** Layers of the encoder, and as many of the decoder. */
  readonly numHiddenLayers: number;
  /** Tokens of the longest sentence; longer pairs are left out. */
  readonly maxLength: number;
  /** How many times as long each length of batches is as the one before, where sentences are not packed. */
  readonly lengthBucketStep: number;
  /**
   * Tokens of a side of rows into which several sentences are packed; 0 for batches of sentences. Unless it is given, packed records
   * keep their rows, in which there is room for 256, and sentences are not packed.
   */
  readonly packedLength?: number | undefined;
  /** Dropout and label smoothing. */
  readonly regularization: Regularization;
  /** By which gradients change weights; Adam unless given. */
  readonly optimizer?: Optimizer | undefined;
  /**
   * Falling with the root of the step (`rsqrt`, of Tensor2Tensor's third sets; `rsqrt_decay`, of those with Adafactor; `legacy`, of the
   * first two), or linearly to 0 at the end.
   */
  readonly learningRateSchedule: LearningRateSchedule;
  /** Constant of `rsqrt` and `rsqrt_decay`, `learning_rate` of `legacy`, or highest rate of `linear`. */
  readonly learningRate: number;
  /** Steps over which the rate rises. */
  readonly warmupSteps: number;
}

/** How a residual network is trained. */
export interface ResNetSettings extends CommonSettings {
  /** Tells it from a Transformer. */
  readonly model: 'rn50';
  /** Paths of folders with `train-*` TFRecord files or a folder for each class, or of files. */
  readonly data: readonly string[];
  /** Path of the classes of pictures that are JPEG files. */
  readonly labels?: string | undefined;
  /** Paths of pictures to evaluate with on the way: folders with `validation-*` TFRecord files or with one for each class. */
  readonly evalData?: readonly string[] | undefined;
  /** Least share of a picture that a training step sees, in (0, 1]; 0.08 unless given. */
  readonly leastCropArea?: number | undefined;
  /** Share of the pictures that are mirrored; 0.5 unless given. */
  readonly mirroredShare?: number | undefined;
  /** Layers of the network. */
  readonly resnetDepth: ResNetDepth;
  /** Channels of the first convolution. */
  readonly width: number;
  /** Classes it tells apart. */
  readonly numClasses: number;
  /** Side of the pictures, in pixels; a multiple of 4. */
  readonly imageSize: number;
  /** Share of a label that is spread over all classes. */
  readonly labelSmoothing: number;
  /** Factor of half the squared weights. */
  readonly weightDecay: number;
  /** Highest rate of a batch of 256; others in proportion. */
  readonly baseLearningRate: number;
  /** Epochs over which the rate rises. */
  readonly warmupEpochs: number;
  /** Epochs at which it falls to a tenth. */
  readonly decayEpochs: readonly number[];
  /** Scopes of layers that are not sparsified, such as `initial_conv`. */
  readonly denseLayers?: readonly string[] | undefined;
}

/** How either model is trained. */
export type TrainingSettings = TransformerSettings | ResNetSettings;

const count = whole({ least: 1 });
const list = listOf(text());

const COMMON: ShapesOf<CommonSettings> = {
  technique: oneOf(...TECHNIQUES),
  seed: whole(),
  trainSteps: count,
  batchSize: count,
  microBatch: optional(count),
  targetSparsity: optional(real()),
  beginPruningStep: optional(whole()),
  endPruningStep: optional(whole()),
  pruningFrequency: optional(count),
  perLayer: optional(listOf(fields({ layer: text(), sparsity: real() }))),
  penaltyWeight: optional(real()),
  penaltyBegin: optional(whole()),
  penaltyEnd: optional(whole()),
  penaltyFunction: optional(oneOf('linear', 'cubic')),
  clipLogAlpha: real(),
  initialSparsity: optional(real()),
  initialLogSigma2: optional(real()),
  initialLogAlpha: optional(real()),
  auxiliaryRateScale: optional(real()),
  warmStartFrom: optional(text()),
  loadMasksFrom: optional(text()),
  loadWeightsFrom: optional(text()),
  evalEvery: optional(count),
  checkpointEvery: count,
  keep: count,
  logEvery: count,
};

const TRANSFORMER: ShapesOf<TransformerSettings> = {
  model: oneOf('transformer'),
  ...COMMON,
  inputs: optional(list),
  targets: optional(list),
  data: optional(list),
  evalInputs: optional(list),
  evalTargets: optional(list),
  vocab: text(),
  hiddenSize: count,
  filterSize: count,
  numHeads: count,
  numHiddenLayers: count,
  maxLength: count,
  lengthBucketStep: real(),
  packedLength: optional(whole()),
  regularization: oneOf(...REGULARIZATIONS),
  optimizer: optional(oneOf(...OPTIMIZERS)),
  learningRateSchedule: oneOf(...LEARNING_RATE_SCHEDULES),
  learningRate: real(),
  warmupSteps: whole(),
};

const RESNET: ShapesOf<ResNetSettings> = {
  model: oneOf('rn50'),
  ...COMMON,
  data: list,
  labels: optional(text()),
  evalData: optional(list),
  leastCropArea: optional(real()),
  mirroredShare: optional(real()),
  resnetDepth: oneOf(...RESNET_DEPTHS),
  width: count,
  numClasses: count,
  imageSize: count,
  labelSmoothing: real(),
  weightDecay: real(),
  baseLearningRate: real(),
  warmupEpochs: real(),
  decayEpochs: listOf(real()),
  denseLayers: optional(list),
};

/** What JSON must be to tell how a model is trained. */
export const SETTING_SHAPES = {
  transformer: transformerShape as Shape<TrainingSettings>,
  rn50: fields(RESNET) as Shape<TrainingSettings>,
} as const satisfies Record<ModelKind, unknown>;

const WITH_DATA = agreeing(recordOf(anything), textFlaw);

/** Where the data come from is asked for first. */
function transformerShape(value: unknown, at: string): string | undefined {
  return WITH_DATA(value, at) ?? fields(TRANSFORMER)(value, at);
}

/** What is wrong with where a Transformer's sentences come from, in a sentence that begins with a setting. */
export function textFlaw({
  inputs,
  targets,
  data,
}: { readonly [Name in 'inputs' | 'targets' | 'data']?: unknown }): string | undefined {
  if (data !== undefined) {
    const texts = inputs === undefined ? targets !== undefined && 'targets' : 'inputs';
    return texts ? `${texts} is given beside data; give texts or records, not both` : undefined;
  }
  const missing = inputs === undefined ? 'inputs' : targets === undefined && 'targets';
  return missing
    ? `${missing} is missing; give inputs and targets, which are texts, or data, TFRecords`
    : undefined;
}

/** The option of `tsos train` that a setting comes from. */
export function optionName(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Names of the settings of a model. */
export const SETTING_NAMES: Readonly<Record<ModelKind, readonly string[]>> = {
  transformer: Object.keys(TRANSFORMER),
  rn50: Object.keys(RESNET),
};
