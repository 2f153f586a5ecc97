/**
 * Reads TensorFlow checkpoints of "The State of Sparsity" and runs their sparse models through WebGPU.
 *
 * ```ts
 * const gpu = await openGpu();
 * const checkpoint = await openCheckpoint('magnitude_pruning_0.9_0_400000_10000_0.0_0.1.tar');
 * const model = await loadTransformer(gpu, checkpoint);
 * const vocabulary = await loadVocabulary('vocab.translate_ende_wmt32k.32768.subwords');
 * const [{ translation }] = await translateLines(model, vocabulary, ['Hello world!']);
 * ```
 */

export { AdapterError, DataError, DeviceError, DisposedError, TsosError, UsageError } from './errors.ts';
export type {
  AdapterDescription,
  DeviceFeatures,
  DeviceLimits,
  Gpu,
  GpuOptions,
} from './graph/device.ts';
export { openGpu } from './graph/device.ts';
export type { OpenOptions } from './io/checkpoint.ts';
export { openCheckpoint } from './io/checkpoint.ts';
export type {
  Checkpoint,
  DType,
  Tensor,
  TensorChunk,
  TensorData,
  TensorInfo,
} from './io/checkpoint-types.ts';
export type { Vocabulary } from './io/subwords.ts';
export { loadVocabulary } from './io/subwords.ts';
export type { NamedTensor, WriteOptions } from './io/write-checkpoint.ts';
export { writeCheckpoint } from './io/write-checkpoint.ts';
export type { LogAlphaThreshold } from './layers/technique.ts';
export type { CheckpointSparsity, LayerSparsity, SparsityOptions } from './metrics/sparsity.ts';
export { checkpointSparsity } from './metrics/sparsity.ts';
export type { TransformerConfig, TransformerOptions } from './models/transformer/config.ts';
export { decodesFileName } from './models/transformer/decodes-name.ts';
export type { Hypothesis } from './models/transformer/hypotheses.ts';
export type { Transformer, TranslateOptions, Translation } from './models/transformer/model.ts';
export { loadTransformer } from './models/transformer/model.ts';
export type {
  FinishedBatch,
  LineTranslation,
  TranslateLinesOptions,
  TranslationProgress,
} from './models/transformer/translate-lines.ts';
export { translateLines } from './models/transformer/translate-lines.ts';
export type { ShapedFloats } from './shaped-floats.ts';
export type { Technique } from './technique.ts';
export { TECHNIQUES } from './technique.ts';
