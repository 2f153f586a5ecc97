import { UsageError } from '../../errors.ts';
import type { PictureSource } from '../../io/pictures/picture-source.ts';
import {
  type BadPicture,
  type Picture,
  type ReadPicturesOptions,
  readPictures,
} from '../../io/pictures/read-pictures.ts';
import {
  addTotals,
  type ClassificationTotals,
  NO_PICTURES,
  scoreLogits,
} from '../../metrics/classification.ts';
import { PICTURE_VALUES, type ResNet50 } from './model.ts';

/** Of the original's flags; its evaluation smooths labels however the checkpoint was trained. */
export const LABEL_SMOOTHING = 0.1;

/** How to evaluate. Positions, shards and limits count pictures of the source, see `readPictures`. */
export interface EvaluateOptions extends Omit<ReadPicturesOptions, 'onWorkersUnavailable'> {
  /** Pictures of a batch; the result does not depend on it. Default 32. */
  readonly batch?: number | undefined;
  /** Pass over pictures that cannot be used, and count them, instead of ending with their error. Default false. */
  readonly skipBad?: boolean;
  /** Stops between batches; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called when a batch is done, and waited for. */
  readonly onBatch?: (batch: EvaluatedBatch) => void | Promise<void>;
  /** Told what is out of the ordinary but no error. */
  readonly onNote?: (note: string) => void;
}

/** What came of one batch. */
export interface EvaluatedBatch {
  /** Of this batch alone. */
  readonly totals: ClassificationTotals;
  /** Pictures of this batch that could not be used. */
  readonly bad: readonly UnusablePicture[];
}

/** Where a picture is that could not be used, and why. */
export interface UnusablePicture {
  readonly file: string;
  /** Its place in the file, from 0. */
  readonly record: number;
  readonly reason: string;
}

/** Totals of an evaluation. */
export interface Evaluation extends ClassificationTotals {
  readonly bad: readonly UnusablePicture[];
}

/**
 * Classifies labelled pictures and counts how many are recognised. Pictures are decoded in other threads while the device
 * works.
 *
 * @throws {DataError} for the first picture that cannot be used, unless these are to be skipped.
 * @throws {UsageError} where pictures have no labels, or an option cannot be.
 */
export async function evaluate(
  model: ResNet50,
  source: PictureSource,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { skipBad = false, signal, onBatch, onNote = () => {}, batch: size = 32, ...reading } = options;
  let totals = NO_PICTURES;
  const bad: UnusablePicture[] = [];
  const pictures = readPictures(source, {
    ...reading,
    onWorkersUnavailable: ({ message }) =>
      onNote(`pictures are decoded in the main thread, others cannot be started (${message})`),
  });
  for await (const items of batches(pictures, size)) {
    signal?.throwIfAborted();
    const batch = await evaluateBatch(model, items, skipBad);
    totals = addTotals(totals, batch.totals);
    bad.push(...batch.bad);
    await onBatch?.(batch);
    signal?.throwIfAborted();
  }
  return { ...totals, bad };
}

async function evaluateBatch(
  model: ResNet50,
  items: readonly (Picture | BadPicture)[],
  skipBad: boolean,
): Promise<EvaluatedBatch> {
  const failed = items.filter((item): item is BadPicture => 'error' in item);
  if (failed.length > 0 && !skipBad) throw failed[0].error;
  const good = items.filter((item): item is Picture => !('error' in item));
  const logits = await classifyBatch(model, good);
  const totals = good.map(({ label, file, record }, index) => {
    if (label === undefined) {
      throw new UsageError(`${file}: picture ${record} has no label to compare with; give a labels file`);
    }
    return scoreLogits(logits[index], label, LABEL_SMOOTHING);
  });
  return {
    totals: totals.reduce(addTotals, NO_PICTURES),
    bad: failed.map(({ file, record, error }) => ({ file, record, reason: error.message })),
  };
}

/** Logits of each picture. */
export async function classifyBatch(
  model: ResNet50,
  pictures: readonly Pick<Picture, 'pixels'>[],
): Promise<Float32Array[]> {
  if (pictures.length === 0) return [];
  const pixels = new Float32Array(pictures.length * PICTURE_VALUES);
  pictures.forEach((picture, index) => {
    pixels.set(picture.pixels, index * PICTURE_VALUES);
  });
  const logits = await model.logits(pixels);
  const { classes } = model.config;
  return pictures.map((_, index) => logits.subarray(index * classes, (index + 1) * classes));
}

/** Items in groups of `size`, the last one with what is left. */
export async function* batches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[], void> {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new UsageError(`a batch of ${size} pictures; it must be a whole number from 1`);
  }
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
