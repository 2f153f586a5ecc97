/**
 * The door for browsers, and for wherever else there is no file system: the same as `tsos`, with checkpoints, vocabularies and
 * pictures from Blobs, the files of a folder, bytes and URLs. Nothing behind it imports a module of Node.
 *
 * ```ts
 * await using gpu = await openGpu();
 * await using checkpoint = await openCheckpoint(input.files[0]); // A .tar or .tar.gz, read as from a disk.
 * using model = await loadTransformer(gpu, checkpoint);
 * const vocabulary = await loadVocabulary('/vocab.translate_ende_wmt32k.32768.subwords');
 * const translations = await translateLines(model, vocabulary, ['Hello world!']);
 * ```
 *
 * Pictures are decoded in Web Workers, whose script vite and webpack take along. esbuild does so where it is told:
 * `esbuild app.js web-decode-worker=tsos/decode-worker --bundle --format=esm --outdir=out`; else the page decodes them itself.
 *
 * @module tsos/browser
 */

// A device.

export type { Gpu } from './graph/device/gpu.ts';
export type { DeviceOptions } from './graph/open-device.ts';
export { openGpu } from './graph/open-gpu-anywhere.ts';
export type { TuningOptions, TuningStore } from './graph/tuning/tuning.ts';

// Checkpoints: those the paper published, and any other.

export { TECHNIQUES, type Technique } from './base/technique.ts';
export { checkpointFiles } from './io/checkpoint/checkpoint-files.ts';
export type {
  Checkpoint,
  DType,
  FileContent,
  Tensor,
  TensorChunk,
  TensorData,
  TensorInfo,
} from './io/checkpoint/checkpoint-types.ts';
export { openCheckpoint } from './io/checkpoint/open-anywhere.ts';
export type { CheckpointInput } from './io/checkpoint/open-input.ts';
export type { OpenOptions } from './io/checkpoint/open-located.ts';
export type { NamedTensor, WriteOptions } from './io/checkpoint/write-bundle.ts';
export { type Exported, type OnTensor, readTensors } from './io/exchange/export.ts';
export { tensorBlob } from './io/exchange/tensor-blob.ts';
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
export {
  type CheckpointFilter,
  type Metric,
  PUBLISHED_AT,
  PUBLISHED_CHECKPOINTS,
  type PublishedCheckpoint,
  publishedCheckpoint,
  selectCheckpoints,
} from './results/catalogue.ts';
export type { Range } from './results/range.ts';

// Translating.

export type { GivenBytes } from './io/bytes/given-bytes.ts';
export { loadVocabulary } from './io/text/load-vocabulary-anywhere.ts';
export { parseVocabulary, type Vocabulary, type VocabularyOptions } from './io/text/subwords.ts';
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

// Telling what is in pictures.

export type { ShapedFloats } from './base/shaped-floats.ts';
export type { WeightCounts } from './graph/weights/weight-counts.ts';
export type { LabelOptions, OpenedPictures } from './io/pictures/arrange-pictures.ts';
export type { DecodeQuestion, DecodeThread, DecodeThreads } from './io/pictures/decode-threads.ts';
export type { GivenPicture } from './io/pictures/given-pictures.ts';
export { type OpenPicturesOptions, openPictures } from './io/pictures/open-pictures-anywhere.ts';
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
export { loadResNet50, type ResNet50 } from './models/resnet50/model.ts';
export { STAGES, type Stage } from './models/resnet50/network.ts';

// What is thrown on purpose.

export * from './base/errors.ts';
