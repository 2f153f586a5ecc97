import { fields, listOf, oneOf, optional, real, type ShapeOf, text, whole } from '../../base/json-shape.ts';
import { TECHNIQUES } from '../../base/technique.ts';
import type { ModelKind } from '../../models/model-kind.ts';
import { RESNET_DEPTHS } from '../../models/resnet50/config.ts';
import { REGULARIZATIONS } from '../../models/transformer/dropout.ts';

const count = whole({ least: 1 });
const list = listOf(text());

/** What trainings of both models are told, by the names of the options of `tsos train`. */
const COMMON = {
  technique: oneOf(...TECHNIQUES),
  seed: whole(),
  trainSteps: count,
  /** Tokens of a side for the Transformer, padding included; pictures for the ResNet. */
  batchSize: count,
  /** What of a batch the device works on at once; the whole unless given. */
  microBatch: optional(count),
  /** Pruning. */
  targetSparsity: optional(real()),
  beginPruningStep: optional(whole()),
  endPruningStep: optional(whole()),
  pruningFrequency: optional(count),
  perLayer: optional(listOf(fields({ layer: text(), sparsity: real() }))),
  /** Variational dropout and L0 regularisation. */
  penaltyWeight: optional(real()),
  penaltyBegin: optional(whole()),
  penaltyEnd: optional(whole()),
  penaltyFunction: optional(oneOf('linear', 'cubic')),
  clipLogAlpha: real(),
  /** What a training begins with. */
  initialSparsity: optional(real()),
  initialLogSigma2: optional(real()),
  initialLogAlpha: optional(real()),
  warmStartFrom: optional(text()),
  loadMasksFrom: optional(text()),
  loadWeightsFrom: optional(text()),
  /** What is kept of it. */
  checkpointEvery: count,
  keep: count,
  logEvery: count,
};

const TRANSFORMER = {
  model: oneOf('transformer'),
  ...COMMON,
  inputs: list,
  targets: list,
  vocab: text(),
  hiddenSize: count,
  filterSize: count,
  numHeads: count,
  numHiddenLayers: count,
  maxLength: count,
  lengthBucketStep: real(),
  regularization: oneOf(...REGULARIZATIONS),
  learningRateSchedule: oneOf('rsqrt', 'linear'),
  learningRate: real(),
  warmupSteps: whole(),
} as const;

const RESNET = {
  model: oneOf('rn50'),
  ...COMMON,
  data: list,
  labels: optional(text()),
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
} as const;

/** What JSON must be to tell how a Transformer is trained. */
export const TRANSFORMER_SETTINGS = fields(TRANSFORMER);
/** What JSON must be to tell how a residual network is trained. */
export const RESNET_SETTINGS = fields(RESNET);
/** Names of the settings of a model. */
export const SETTING_NAMES: Readonly<Record<ModelKind, readonly string[]>> = {
  transformer: Object.keys(TRANSFORMER),
  rn50: Object.keys(RESNET),
};

export type TransformerSettings = ShapeOf<typeof TRANSFORMER_SETTINGS>;
export type ResNetSettings = ShapeOf<typeof RESNET_SETTINGS>;
export type TrainingSettings = TransformerSettings | ResNetSettings;
