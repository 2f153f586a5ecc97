import type { ResNetSettings, TransformerSettings } from './settings.ts';

type Preset<Settings, Given extends string> = Omit<Settings, 'technique' | 'seed' | Given>;

const KEPT = { checkpointEvery: 1000, keep: 20, logEvery: 100, clipLogAlpha: 8 };

/** The Transformer of the paper, and one that learns rules of sentences within an hour on a few cores. */
export const TRANSFORMER_PRESETS = {
  paper: {
    model: 'transformer',
    ...KEPT,
    trainSteps: 500_000,
    batchSize: 2048,
    hiddenSize: 512,
    filterSize: 2048,
    numHeads: 8,
    numHiddenLayers: 6,
    maxLength: 256,
    lengthBucketStep: 1.1,
    packedLength: 256,
    regularization: 'dropout+label_smoothing',
    learningRateSchedule: 'rsqrt',
    learningRate: 2,
    warmupSteps: 8000,
  },
  small: {
    model: 'transformer',
    ...KEPT,
    trainSteps: 3000,
    batchSize: 2048,
    hiddenSize: 64,
    filterSize: 256,
    numHeads: 4,
    numHiddenLayers: 1,
    maxLength: 64,
    lengthBucketStep: 1.5,
    regularization: 'label_smoothing',
    learningRateSchedule: 'linear',
    learningRate: 3e-3,
    warmupSteps: 200,
  },
} as const satisfies Record<string, Preset<TransformerSettings, 'inputs' | 'targets' | 'vocab'>>;

/** The original's schedule of its sets with Adafactor. */
const ADAFACTOR_SCHEDULE = {
  learningRateSchedule: 'rsqrt_decay',
  learningRate: 1,
  warmupSteps: 10_000,
} as const satisfies Partial<TransformerSettings>;

/**
 * What goes with settings that somebody states, where he does not state it: to the optimiser its schedule.
 * @param before what they are laid over
 */
export function impliedSettings(
  before: Readonly<Record<string, unknown>>,
  stated: Readonly<Record<string, unknown>>,
): Partial<TransformerSettings> {
  const isNew = stated.optimizer === 'adafactor' && before.optimizer !== 'adafactor';
  const { learningRateSchedule: own } = ADAFACTOR_SCHEDULE;
  const { learningRateSchedule: schedule = own } = stated;
  return isNew && schedule === own ? ADAFACTOR_SCHEDULE : {};
}

/** The ResNet-50 of the paper, and a network for small pictures. */
export const RESNET_PRESETS = {
  paper: {
    model: 'rn50',
    ...KEPT,
    trainSteps: 128_000,
    batchSize: 1024,
    resnetDepth: 50,
    width: 64,
    numClasses: 1000,
    imageSize: 224,
    labelSmoothing: 0.1,
    weightDecay: 1e-4,
    baseLearningRate: 0.1,
    warmupEpochs: 5,
    decayEpochs: [30, 60, 80],
  },
  small: {
    model: 'rn50',
    ...KEPT,
    trainSteps: 3000,
    batchSize: 64,
    resnetDepth: 18,
    width: 8,
    numClasses: 20,
    imageSize: 32,
    labelSmoothing: 0.1,
    weightDecay: 1e-4,
    baseLearningRate: 0.4,
    warmupEpochs: 0.5,
    decayEpochs: [5, 8],
  },
} as const satisfies Record<string, Preset<ResNetSettings, 'data'>>;

/** Those of each model. */
export const PRESETS = { transformer: TRANSFORMER_PRESETS, rn50: RESNET_PRESETS } as const;

/** Name of a preset that both models have. */
export type PresetName = keyof typeof TRANSFORMER_PRESETS & keyof typeof RESNET_PRESETS;
