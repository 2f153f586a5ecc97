/**
 * The door for most people: open a device, load a checkpoint of "The State of Sparsity", translate lines, classify and evaluate
 * pictures, score, measure sparsity, prune and convert.
 *
 * ```ts
 * await using gpu = await openGpu();
 * await using checkpoint = await openCheckpoint('magnitude_pruning_0.9_0_400000_10000_0.0_0.1.tar');
 * using model = await loadTransformer(gpu, checkpoint);
 * const vocabulary = await loadVocabulary('vocab.translate_ende_wmt32k.32768.subwords');
 * const translations = await translateLines(model, vocabulary, ['Hello world!']);
 * ```
 *
 * @module tsos
 */

// A device.

export { type Gpu, type GpuOptions, openGpu, type TuningOptions } from './graph/open-gpu.ts';
export { type RecordFolder, recordFolder } from './io/files/record-folder.ts';

// Checkpoints: those the paper published, and any other.

export { TECHNIQUES, type Technique } from './base/technique.ts';
export type { CheckpointInput, OpenOptions } from './io/checkpoint/checkpoint.ts';
export type {
  Checkpoint,
  DType,
  FileContent,
  Tensor,
  TensorChunk,
  TensorData,
  TensorInfo,
} from './io/checkpoint/checkpoint-types.ts';
export { type NamedTensor, type WriteOptions, writeCheckpoint } from './io/checkpoint/write-checkpoint.ts';
export { type Pin, parseChecksums } from './io/download/checksums.ts';
export type { DownloadOptions } from './io/download/download.ts';
export type { FetchedFile, FetchFileOptions } from './io/download/fetch-file.ts';
export type { RetryOptions } from './io/download/retrying.ts';
export { type Exported, type OnTensor, readTensors } from './io/exchange/export.ts';
export { writeNpz } from './io/exchange/write-npz.ts';
export { writeSafetensors } from './io/exchange/write-safetensors.ts';
export { cacheDirectory } from './io/files/cache-directory.ts';
export type { FileDigest } from './io/files/file-digest.ts';
export type { Block } from './layers/pruning/block.ts';
export type { CountOptions, CountRounding } from './layers/pruning/kept-count.ts';
export type { LayerChoice, LayerTarget } from './layers/pruning/layer-targets.ts';
export { type PrunedLayer, type PruneOptions, pruneCheckpoint } from './layers/pruning/prune-checkpoint.ts';
export type { MagnitudeRule, PruningRule, RandomRule } from './layers/pruning/rule.ts';
export {
  type PublishedFields,
  type PublishedL0,
  type PublishedModel,
  type PublishedName,
  type PublishedPruning,
  type PublishedPruningFields,
  type PublishedRampFields,
  type PublishedResNetPruning,
  type PublishedResNetVariationalDropout,
  type PublishedVariationalDropout,
  parsePublishedName,
} from './layers/published-name.ts';
export type { LogAlphaThreshold } from './layers/resolve-technique.ts';
export {
  type CheckpointSparsity,
  checkpointSparsity,
  type LayerSparsity,
  type SparsityOptions,
} from './metrics/sparsity.ts';
export { type ModelKind, modelKind } from './models/model-kind.ts';
export type { Expected } from './results/assert-published.ts';
export {
  type CheckpointFilter,
  type Metric,
  PUBLISHED_AT,
  PUBLISHED_CHECKPOINTS,
  type PublishedCheckpoint,
  publishedCheckpoint,
  selectCheckpoints,
} from './results/catalogue.ts';
export { checkpointPath, type NameOptions } from './results/checkpoint-path.ts';
export {
  type Fetchable,
  type FetchedCheckpoint,
  type FetchOptions,
  fetchCheckpoint,
} from './results/fetch-checkpoint.ts';
export { namedCheckpoints } from './results/named-checkpoints.ts';
export { type OpenNamedOptions, openCheckpoint } from './results/open-checkpoint.ts';
export type { Range } from './results/range.ts';

// Translating.

export type { GivenBytes } from './io/bytes/given-bytes.ts';
export { loadVocabulary } from './io/text/load-vocabulary.ts';
export type { Vocabulary, VocabularyOptions } from './io/text/subwords.ts';
export {
  type BleuComparison,
  type BleuOptions,
  type BleuResult,
  bleu,
  compareBleu,
} from './metrics/bleu/bleu.ts';
export type { Confidence } from './metrics/bleu/bootstrap.ts';
export { formatBleu } from './metrics/bleu/format-bleu.ts';
export { BLEU_METHODS, type BleuMethod } from './metrics/bleu/methods.ts';
export type { NgramStatistics } from './metrics/bleu/ngram-statistics.ts';
export type { Score } from './metrics/bleu/score.ts';
export { SMOOTHING_METHODS, type SmoothingMethod } from './metrics/bleu/smoothing.ts';
export type { HeadsSource, TransformerConfig, TransformerOptions } from './models/transformer/config.ts';
export type { Hypothesis } from './models/transformer/hypotheses.ts';
export {
  loadTransformer,
  type Transformer,
  type TranslateOptions,
  type Translation,
} from './models/transformer/model.ts';
export type { ProgressListener } from './models/transformer/search.ts';
export {
  type FinishedBatch,
  type LineTranslation,
  type TranslateLinesOptions,
  type TranslationProgress,
  translateLines,
} from './models/transformer/translate-lines.ts';
export { fetchNewstest, fetchVocabulary, type Newstest } from './results/published-texts.ts';

// Telling what is in pictures.

export type { ShapedFloats } from './base/shaped-floats.ts';
export type { WeightCounts } from './graph/weights/weight-counts.ts';
export type { LabelOptions } from './io/pictures/arrange-pictures.ts';
export type { DecodeQuestion, DecodeThread, DecodeThreads } from './io/pictures/decode-threads.ts';
export type { GivenPicture } from './io/pictures/given-pictures.ts';
export { type OpenedPictures, type OpenPicturesOptions, openPictures } from './io/pictures/open-pictures.ts';
export type { PictureSplit } from './io/pictures/picture-kinds.ts';
export type { PictureSource } from './io/pictures/picture-source.ts';
export {
  type BadPicture,
  type Picture,
  type ReadPicturesOptions,
  readPictures,
} from './io/pictures/read-pictures.ts';
export { type ClassificationTotals, type ClassProbability, mostProbable } from './metrics/classification.ts';
export {
  type ClassifiedPicture,
  type ClassifyOptions,
  classifyPictures,
  type UnusablePicture,
} from './models/resnet50/classify.ts';
export type { BlockKind, ResNetConfig, ResNetOptions } from './models/resnet50/config.ts';
export {
  type EvaluatedBatch,
  type EvaluateOptions,
  type Evaluation,
  evaluate,
} from './models/resnet50/evaluate.ts';
export {
  type EvaluateToFileOptions,
  type EvaluationProgress,
  type EvaluationStart,
  evaluateToFile,
} from './models/resnet50/evaluate-to-file.ts';
export {
  type EvaluationIdentity,
  type EvaluationPart,
  type EvaluationResult,
  evaluationResult,
  mergeEvaluations,
  readEvaluationPart,
  type ShardRange,
} from './models/resnet50/evaluation-part.ts';
export { loadResNet50, type ResNet50 } from './models/resnet50/model.ts';
export { STAGES, type Stage } from './models/resnet50/network.ts';

// What is thrown on purpose.

export * from './base/errors.ts';
