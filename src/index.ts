/**
 * Reads TensorFlow checkpoints of "The State of Sparsity" and runs their sparse models through WebGPU.
 *
 * ```ts
 * await using gpu = await openGpu();
 * await using checkpoint = await openCheckpoint('magnitude_pruning_0.9_0_400000_10000_0.0_0.1.tar');
 * using model = await loadTransformer(gpu, checkpoint);
 * const vocabulary = await loadVocabulary('vocab.translate_ende_wmt32k.32768.subwords');
 * const translations = await translateLines(model, vocabulary, ['Hello world!']);
 * ```
 */

export { AdapterError, DataError, DeviceError, DisposedError, TsosError, UsageError } from './base/errors.ts';
export type { RandomKey } from './base/random.ts';
export { derivedKey, normals, randomKey, uniforms } from './base/random.ts';
export type { ShapedFloats } from './base/shaped-floats.ts';
export type { Technique } from './base/technique.ts';
export { TECHNIQUES } from './base/technique.ts';
export { type DeviceTensor, readFloats, Scope } from './graph/device/scope.ts';
export * as differentiation from './graph/differentiation/index.ts';
export type {
  AdapterDescription,
  DeviceFeatures,
  DeviceLimits,
  Gpu,
  GpuOptions,
  TuningOptions,
  TuningStore,
} from './graph/open-gpu.ts';
export { openGpu } from './graph/open-gpu.ts';
export { randomNumbers, uploadKey, writeKey } from './graph/operations/random.ts';
export * as optimisers from './graph/optimisers/index.ts';
export { Graph } from './graph/plan/graph.ts';
export type { Plan } from './graph/plan/plan.ts';
export type { ValuePrecision } from './graph/weights/half-precision.ts';
export type { OpenOptions } from './io/checkpoint/checkpoint.ts';
export type {
  Checkpoint,
  DType,
  Tensor,
  TensorChunk,
  TensorData,
  TensorInfo,
} from './io/checkpoint/checkpoint-types.ts';
export type { NamedTensor, WriteOptions } from './io/checkpoint/write-checkpoint.ts';
export { writeCheckpoint } from './io/checkpoint/write-checkpoint.ts';
export { type Pin, parseChecksums } from './io/download/checksums.ts';
export { cacheDirectory } from './io/files/cache-directory.ts';
export { type RecordFolder, recordFolder } from './io/files/record-folder.ts';
export { decodeJpeg, type JpegHeader, type JpegOptions, readJpegHeader } from './io/jpeg/decode.ts';
export { evaluationPixels } from './io/pictures/evaluation-picture.ts';
export type { OpenedPictures, OpenPicturesOptions } from './io/pictures/open-pictures.ts';
export { openPictures } from './io/pictures/open-pictures.ts';
export type { PictureSource } from './io/pictures/picture-source.ts';
export type {
  BadPicture,
  Picture,
  ReadPicturesOptions,
  Selection,
} from './io/pictures/read-pictures.ts';
export { countPictures, readPictures } from './io/pictures/read-pictures.ts';
export type { Example, Feature } from './io/records/example.ts';
export { decodeExample, encodeExample } from './io/records/example.ts';
export type { TfRecord, TfRecordOptions, WriteTfRecordsOptions } from './io/records/tfrecord.ts';
export { readTfRecords, writeTfRecords } from './io/records/tfrecord.ts';
export { loadVocabulary } from './io/text/load-vocabulary.ts';
export type { Vocabulary } from './io/text/subwords.ts';
export * as l0Regularization from './layers/l0-regularization/index.ts';
export type { PenaltyRamp } from './layers/penalty-schedule.ts';
export { CubicPenaltyWeight, cubicPenaltyTarget, linearPenaltyWeight } from './layers/penalty-schedule.ts';
export type { GradualPrunerOptions, LayerWeights, PrunerState } from './layers/pruning/gradual-pruner.ts';
export { GradualPruner } from './layers/pruning/gradual-pruner.ts';
export * as pruning from './layers/pruning/index.ts';
export { keptCount } from './layers/pruning/kept-count.ts';
export type { PrunedLayer, PruneOptions } from './layers/pruning/prune-checkpoint.ts';
export { pruneCheckpoint } from './layers/pruning/prune-checkpoint.ts';
export type { PruningRule } from './layers/pruning/rule.ts';
export { maskByRule } from './layers/pruning/rule.ts';
export type { GradualSchedule, MaskUpdates } from './layers/pruning/schedule.ts';
export { gradualSparsity, isMaskUpdateDue } from './layers/pruning/schedule.ts';
export type { PublishedName } from './layers/published-name.ts';
export { parsePublishedName } from './layers/published-name.ts';
export type { Initializer } from './layers/reference/initializers.ts';
export { constant, glorotUniform, normal } from './layers/reference/initializers.ts';
export type { DenseTensor } from './layers/reference/tensor.ts';
export { denseTensor, filledTensor } from './layers/reference/tensor.ts';
export type { LogAlphaThreshold } from './layers/resolve-technique.ts';
export * as variationalDropout from './layers/variational-dropout/index.ts';
export type { BleuComparison, BleuOptions, BleuResult } from './metrics/bleu/bleu.ts';
export { bleu, compareBleu } from './metrics/bleu/bleu.ts';
export { formatBleu } from './metrics/bleu/format-bleu.ts';
export type { BleuMethod } from './metrics/bleu/methods.ts';
export { BLEU_METHODS } from './metrics/bleu/methods.ts';
export type { ClassificationTotals } from './metrics/classification.ts';
export { crossEntropy, inTopK, mostProbable } from './metrics/classification.ts';
export type { CheckpointSparsity, LayerSparsity, SparsityOptions } from './metrics/sparsity.ts';
export { checkpointSparsity } from './metrics/sparsity.ts';
export type { ClassifiedPicture, ClassifyOptions, UnusablePicture } from './models/resnet50/classify.ts';
export { classifyPictures } from './models/resnet50/classify.ts';
export type { ResNetConfig, ResNetOptions } from './models/resnet50/config.ts';
export type { EvaluateOptions, Evaluation } from './models/resnet50/evaluate.ts';
export { evaluate } from './models/resnet50/evaluate.ts';
export { evaluateToFile } from './models/resnet50/evaluate-to-file.ts';
export type { EvaluationPart, EvaluationResult } from './models/resnet50/evaluation-part.ts';
export {
  evaluationResult,
  mergeEvaluations,
  readEvaluationPart,
} from './models/resnet50/evaluation-part.ts';
export { resNetLearningRate } from './models/resnet50/learning-rate.ts';
export type { ResNet50 } from './models/resnet50/model.ts';
export { loadResNet50 } from './models/resnet50/model.ts';
export {
  loadTrainableResNet,
  type ResNetTrainingOptions,
  type TrainableResNet,
  trainingGraph as resNetTrainingGraph,
} from './models/resnet50/training.ts';
export { drawnNoise, type NoiseSource } from './models/training/noise.ts';
export type { TransformerConfig, TransformerOptions } from './models/transformer/config.ts';
export { decodesFileName } from './models/transformer/decodes-name.ts';
export type { Hypothesis } from './models/transformer/hypotheses.ts';
export { adafactorLearningRate, transformerLearningRate } from './models/transformer/learning-rate.ts';
export type { Transformer, TranslateOptions, Translation } from './models/transformer/model.ts';
export { loadTransformer } from './models/transformer/model.ts';
export {
  loadTrainableTransformer,
  type TrainableTransformer,
  type TransformerTrainingOptions,
  trainingGraph as transformerTrainingGraph,
} from './models/transformer/training.ts';
export { allocateBatch, type TrainingBatch, writeBatch } from './models/transformer/training-batch.ts';
export type {
  FinishedBatch,
  LineTranslation,
  TranslateLinesOptions,
  TranslationProgress,
} from './models/transformer/translate-lines.ts';
export { translateLines } from './models/transformer/translate-lines.ts';
export type { CheckpointFilter, PublishedCheckpoint } from './results/catalogue.ts';
export { PUBLISHED_CHECKPOINTS, publishedCheckpoint, selectCheckpoints } from './results/catalogue.ts';
export { checkpointPath, type NameOptions } from './results/checkpoint-path.ts';
export type { Fetchable, FetchedCheckpoint, FetchOptions } from './results/fetch-checkpoint.ts';
export { fetchCheckpoint } from './results/fetch-checkpoint.ts';
export type { ResultRow } from './results/load-results.ts';
export { loadResults } from './results/load-results.ts';
export { namedCheckpoints } from './results/named-checkpoints.ts';
export { type OpenNamedOptions, openCheckpoint } from './results/open-checkpoint.ts';
export { fetchNewstest, fetchVocabulary, type Newstest } from './results/published-texts.ts';
export type { Report, ReportRow } from './results/reproduction/report.ts';
export { buildReport } from './results/reproduction/report.ts';
