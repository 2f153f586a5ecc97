/**
 * The door for people who train the models of the paper: their training graphs, batches, noise and learning rates; runs in a folder;
 * and studies, which are many of these.
 *
 * @module tsos/train
 */

// The Transformer.

export type { TransformerConfig, TransformerOptions } from './models/transformer/config.ts';
export type { TransformerDropout } from './models/transformer/dropout.ts';
export {
  adafactorLearningRate,
  type LegacySchedule,
  legacyLearningRate,
  type TransformerSchedule,
  transformerLearningRate,
} from './models/transformer/learning-rate.ts';
export {
  loadTrainableTransformer,
  type TrainableTransformer,
  type TransformerTrainingOptions,
  trainingGraph as transformerTrainingGraph,
} from './models/transformer/training.ts';
export {
  allocateBatch,
  type BatchShape,
  type Sentences,
  type TrainingBatch,
  writeBatch,
  writePackedBatch,
} from './models/transformer/training-batch.ts';

// The ResNet.

export type { ResNetLayer, ResNetVariables } from './layers/resnet-sites.ts';
export type { Site } from './layers/site.ts';
export type { ResNetConfig, ResNetDepth, ResNetOptions } from './models/resnet50/config.ts';
export { type ResNetSchedule, resNetLearningRate } from './models/resnet50/learning-rate.ts';
export {
  loadTrainableResNet,
  type ResNetTrainingOptions,
  type TrainableResNet,
  trainingGraph as resNetTrainingGraph,
} from './models/resnet50/training.ts';

// What a training begins with, and its data.

export { type FreshResNetOptions, freshResNet } from './models/fresh/fresh-resnet.ts';
export { type FreshTransformerOptions, freshTransformer } from './models/fresh/fresh-transformer.ts';
export type { ResNetSize } from './models/full-size/resnet-layers.ts';
export type { TransformerSize } from './models/full-size/transformer-variables.ts';
export {
  checkDropout,
  NO_DROPOUT,
  REGULARIZATIONS,
  type Regularization,
  regularization,
} from './models/transformer/dropout.ts';
export type { PackedRow, PackedSide } from './models/transformer/packed-row.ts';
export {
  type BucketOptions,
  bucketOf,
  type LengthBucket,
  lengthBuckets,
} from './train/text/length-buckets.ts';
export { type PackOptions, packRows } from './train/text/pack-rows.ts';
export type { SentencePair } from './train/text/sentence-pair.ts';

// Runs in a folder, that go on where they were interrupted; and the steps that they consist of.

export type { PictureView } from './io/pictures/prepare.ts';
export { type LinearSchedule, linearLearningRate } from './models/transformer/learning-rate.ts';
export type { Evaluation, Evaluator, EvaluatorOptions } from './train/evaluation/evaluator.ts';
export type { DeviceMasks, Kept, Pruner } from './train/loop/device-masks.ts';
export type { MicroBatches } from './train/loop/device-room.ts';
export type { BatchPart, RecordedPart, StepInputs, Trainee } from './train/loop/trainee.ts';
export { type Losses, Trainer, type TrainerOptions } from './train/loop/trainer.ts';
export type { PicturePart } from './train/pictures/picture-batches.ts';
export type { Batch, DataIdentity, Preparation } from './train/run/preparation.ts';
export { type PrepareResNetOptions, prepareResNet } from './train/run/prepare-resnet.ts';
export { prepareTransformer } from './train/run/prepare-transformer.ts';
export { RESNET_PRESETS, TRANSFORMER_PRESETS } from './train/run/presets.ts';
export { settingsOfPublished } from './train/run/published-settings.ts';
export type {
  CommonSettings,
  LearningRateSchedule,
  Optimizer,
  ResNetSettings,
  TrainingSettings,
  TransformerSettings,
} from './train/run/settings.ts';
export {
  type TrainedRun,
  type TrainInFolderOptions,
  type TrainingProgress,
  trainInFolder,
} from './train/run/train-in-folder.ts';
export { DivergedError, restoreSlots, trainingTensors } from './train/state/training-tensors.ts';
export type { ReadCorpusOptions } from './train/text/corpus.ts';
export type { TextPart } from './train/text/text-part.ts';
export type { MetricsRecord } from './train/watch/metrics-file.ts';

// Studies: many runs from one file, and their results in the paper's tables.

export type { ModelKind } from './models/model-kind.ts';
export { type ResultTable, resultTables } from './study/result-tables.ts';
export { type Measurement, type RunResult, readRunResult } from './study/run-result.ts';
export {
  readStudy,
  type SomeSettings,
  type Study,
  type StudyGroup,
  type StudyTest,
} from './study/study-file.ts';
export { type StudyRun, type StudyRuns, studyRuns } from './study/study-runs.ts';
export { summaryTable } from './study/summary-table.ts';
export { type Sweep, type SweepOptions, sweep } from './study/sweep.ts';
export type { PresetName } from './train/run/presets.ts';

// Both.

export type { Backward, Tape } from './graph/differentiation/tape.ts';
export type { Optimiser } from './graph/optimisers/optimiser.ts';
export type { LayerSize, LayerWeights } from './layers/pruning/gradual-pruner.ts';
export type { LayerChoice, LayerTarget, NamedTarget } from './layers/pruning/layer-targets.ts';
export type { PruningMask } from './layers/pruning/mask.ts';
export type { Floats } from './layers/pruning/rank.ts';
export type { LossParts, TrainingGraph } from './models/training/loss.ts';
export { drawnNoise, type NoiseRequest, type NoiseSource } from './models/training/noise.ts';
export type { SparseTraining } from './models/training/sparse-kernel.ts';
export { TrainingVariables } from './models/training/variables.ts';

// What is thrown on purpose.

export * from './base/errors.ts';
