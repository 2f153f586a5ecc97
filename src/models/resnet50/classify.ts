import { DataError, UsageError } from '../../base/errors.ts';
import type { PictureSource } from '../../io/pictures/picture-source.ts';
import {
  type BadPicture,
  type Picture,
  type ReadPicturesOptions,
  readPictures,
} from '../../io/pictures/read-pictures.ts';
import { LostRestError } from '../../io/records/lost-rest-error.ts';
import { pictureValues, type ResNet50 } from './model.ts';

/** How to classify. Positions, shards and limits count pictures of the source, see `readPictures`. */
export interface ClassifyOptions
  extends Omit<ReadPicturesOptions, 'ahead' | 'size' | 'onWorkersUnavailable'> {
  /** Pictures of a batch; what is said of a picture does not depend on it. Default 32. */
  readonly batch?: number | undefined;
  /** Pass over pictures that cannot be used, and tell of them, instead of ending with the error of the first. Default false. */
  readonly skipBad?: boolean | undefined;
  /** Stops between batches; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told what is out of the ordinary but no error. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/** A picture and what the network makes of it. */
export interface ClassifiedPicture {
  /** The file it is in. */
  readonly file: string;
  /** Its place in the file, from 0. */
  readonly record: number;
  /** Class from 0; undefined where the source has no labels. */
  readonly label: number | undefined;
  /** `[classes]` */
  readonly logits: Float32Array;
}

/** Where a picture is that could not be used, and why. */
export interface UnusablePicture {
  /** The file it is in. */
  readonly file: string;
  /** Its place in the file, from 0. */
  readonly record: number;
  /** What is wrong with it. */
  readonly reason: string;
  /** Where the rest of its file is lost with it: how many bytes, null where that cannot be told. */
  readonly lostBytes?: number | null;
}

/** Batches that are decoded while the device works on one: the next, and one more to be safe from large pictures. */
const BATCHES_AHEAD = 2;
/** Enough to keep all threads busy where batches are small. */
const LEAST_AHEAD = 64;

/**
 * Classifies pictures, batch by batch, in their order. The next ones are decoded in other threads while the device works.
 *
 * @throws {DataError} for a batch with a picture that cannot be used, unless these are to be skipped.
 * @throws {UsageError} where an option cannot be.
 */
export async function* classifyPictures(
  model: ResNet50,
  source: PictureSource,
  options: ClassifyOptions = {},
): AsyncGenerator<(ClassifiedPicture | UnusablePicture)[], void> {
  const { batch = 32, skipBad = false, signal, onNote = () => {}, ...selection } = options;
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new UsageError(`a batch of ${batch} pictures; it must be a whole number from 1`);
  }
  const pictures = readPictures(source, {
    ...selection,
    size: model.config.imageSize,
    ahead: Math.max(BATCHES_AHEAD * batch, LEAST_AHEAD),
    onWorkersUnavailable: ({ message }) =>
      onNote(`pictures are decoded in the main thread, others cannot be started (${message})`),
  });
  for await (const items of inBatches(pictures, batch)) {
    signal?.throwIfAborted();
    const bad = items.find(isBad);
    if (bad && !skipBad) throw notSkipped(bad);
    const logits = await logitsOfEach(model, items.filter(isGood));
    yield items.map((item) => {
      const { file, record } = item;
      return isBad(item)
        ? { file, record, ...whyUnusable(item) }
        : { file, record, label: item.label, logits: logits.shift()! };
    });
    signal?.throwIfAborted();
  }
}

/** The logits of each picture. @param pictures `[S, S, 3]` each, see `ResNet50.logits` */
export async function logitsOfEach(
  model: ResNet50,
  pictures: readonly Pick<Picture, 'pixels'>[],
): Promise<Float32Array[]> {
  if (pictures.length === 0) return [];
  const { classes, imageSize } = model.config;
  const values = pictureValues(imageSize);
  const pixels = new Float32Array(pictures.length * values);
  pictures.forEach((picture, index) => {
    pixels.set(picture.pixels, index * values);
  });
  const logits = await model.logits(pixels);
  return pictures.map((_, index) => logits.subarray(index * classes, (index + 1) * classes));
}

/**
 * Lets a run with pictures that were passed over be taken up only by one that passes over such.
 * @throws {UsageError} otherwise.
 */
export function requireSkipBad(skipBad: boolean | undefined, passedOver: number, journal: string): void {
  if (skipBad || passedOver === 0) return;
  throw new UsageError(
    `${journal}: is of a run that passed over ${passedOver} bad pictures; go on with --skip-bad, or leave --resume away to start over`,
  );
}

/** Items in groups of `size`, the last one with what is left. */
async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[], void> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function isGood(item: Picture | BadPicture): item is Picture {
  return !isBad(item);
}

function isBad(item: Picture | BadPicture): item is BadPicture {
  return 'error' in item;
}

function whyUnusable({ error }: BadPicture): Pick<UnusablePicture, 'reason' | 'lostBytes'> {
  const reason = error.message;
  return error instanceof LostRestError ? { reason, lostBytes: error.lostBytes } : { reason };
}

function notSkipped({ error }: BadPicture): DataError {
  return new DataError(
    `${error.message}; with --skip-bad such pictures are passed over and counted`,
    {},
    { cause: error },
  );
}
