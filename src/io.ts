/**
 * The door for people who read and write the files: TensorFlow checkpoints of both formats, TFRecords and Examples, JPEGs as
 * TensorFlow decodes them, subword vocabularies, safetensors, npz, smtx, and the paper's result files.
 *
 * @module tsos/io
 */

// Checkpoints.

export { type CheckpointInput, type OpenOptions, openCheckpoint } from './io/checkpoint/checkpoint.ts';
export { type CheckpointDigest, checkpointDigest } from './io/checkpoint/checkpoint-digest.ts';
export type {
  Checkpoint,
  DType,
  FileContent,
  Tensor,
  TensorChunk,
  TensorData,
  TensorInfo,
} from './io/checkpoint/checkpoint-types.ts';
export { verifyCheckpoint } from './io/checkpoint/verify-checkpoint.ts';
export { type NamedTensor, type WriteOptions, writeCheckpoint } from './io/checkpoint/write-checkpoint.ts';

// What other tools read and write.

export type { SparsePattern } from './base/sparse-pattern.ts';
export { type Exported, type OnTensor, readTensors } from './io/exchange/export.ts';
export { readSmtx } from './io/exchange/smtx.ts';
export { writeNpz } from './io/exchange/write-npz.ts';
export { writeSafetensors } from './io/exchange/write-safetensors.ts';
export { writeSmtx } from './io/exchange/write-smtx.ts';

// Records.

export { decodeExample, type Example, encodeExample, type Feature } from './io/records/example.ts';
export {
  readTfRecords,
  type TfRecord,
  type TfRecordOptions,
  type WriteTfRecordsOptions,
  writeTfRecords,
} from './io/records/tfrecord.ts';

// Pictures.

export {
  type DctMethod,
  type DecodedJpeg,
  decodeJpeg,
  type JpegHeader,
  type JpegOptions,
  type Rectangle,
  readJpegHeader,
  type VerticalRounding,
} from './io/jpeg/decode.ts';
export type { LabelOptions } from './io/pictures/arrange-pictures.ts';
export type { DecodeQuestion, DecodeThread, DecodeThreads } from './io/pictures/decode-threads.ts';
export { evaluationPixels } from './io/pictures/evaluation-picture.ts';
export type { GivenPicture } from './io/pictures/given-pictures.ts';
export { type OpenedPictures, type OpenPicturesOptions, openPictures } from './io/pictures/open-pictures.ts';
export type { PictureSplit } from './io/pictures/picture-kinds.ts';
export { pictureSetDigest } from './io/pictures/picture-set-digest.ts';
export type {
  EncodedPicture,
  IndexedPictures,
  PictureEntry,
  PictureIndex,
  PictureSource,
} from './io/pictures/picture-source.ts';
export type { PictureView, Prepared } from './io/pictures/prepare.ts';
export {
  type BadPicture,
  countPictures,
  type Picture,
  type PicturePlace,
  type ReadPicturesOptions,
  readPictures,
  type Selection,
} from './io/pictures/read-pictures.ts';
export { type Augmentation, trainingPixels } from './io/pictures/training-picture.ts';
export type { AnsweringThread } from './io/threads/answering-thread.ts';

// Text.

export type { GivenBytes } from './io/bytes/given-bytes.ts';
export {
  type BuildVocabularyOptions,
  buildVocabulary,
  countWords,
  formatVocabulary,
} from './io/text/build-vocabulary.ts';
export { loadVocabulary } from './io/text/load-vocabulary.ts';
export { parseVocabulary, Vocabulary, type VocabularyOptions } from './io/text/subwords.ts';

// What the paper measured.

export type { Technique } from './base/technique.ts';
export type { PublishedModel } from './layers/published-name.ts';
export { type Experiment, loadResults, type ResultRow } from './results/load-results.ts';

// What is thrown on purpose.

export * from './base/errors.ts';
