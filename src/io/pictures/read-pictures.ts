import { DataError, UsageError } from '../../base/errors.ts';
import { type Decoder, openDecoder } from './decoder.ts';
import type { EncodedPicture, PictureEntry, PictureSource } from './picture-source.ts';
import { webDecodeThreads } from './web-decode-threads.ts';

/** Which pictures of a source are read. */
export interface Selection {
  /**
   * Which part of the work is this one's: of the pictures, counted over the whole source from 0, those with
   * `position % count === index`. Default all. Several parts together are all pictures, each once.
   */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  /** Leave out all pictures from this position on. Default none. */
  readonly limit?: number | undefined;
  /** Leave out so many of the pictures that are left, which an earlier run has done. Default 0. */
  readonly skip?: number;
}

/** Which pictures are read, and how they are decoded. */
export interface ReadPicturesOptions extends Selection {
  /** Side of what is given, in pixels. Default 224. */
  readonly size?: number | undefined;
  /** Threads that decode; 0 for the calling one. Default one less than there are cores, at least 1 and at most 8. */
  readonly workers?: number | undefined;
  /** How many pictures to have decoded or in work while the caller is busy; about 0.7 MB each. Default 64. */
  readonly ahead?: number;
  /** Told where threads cannot be started; the calling one decodes instead. */
  readonly onWorkersUnavailable?: (cause: Error) => void;
}

/** Where a picture is. */
export interface PicturePlace {
  /** Counted over all pictures of the source, from 0. */
  readonly position: number;
  /** The file it is in. */
  readonly file: string;
  /** Place in the file, from 0. */
  readonly record: number;
}

/** A picture as the model sees it. */
export interface Picture extends PicturePlace {
  /** Class, from 0; undefined where there are no labels. Any other number is a label that no class has. */
  readonly label: number | undefined;
  /** `[size, size, 3]`, RGB, in 0..255 but for the overshoot of the resize; see `evaluationPixels`. */
  readonly pixels: Float32Array<ArrayBuffer>;
}

/** A picture or record that cannot be used. */
export interface BadPicture extends PicturePlace {
  /** Names the file, in a file of several the record and where it begins, and what is wrong. */
  readonly error: DataError;
}

/**
 * Reads and decodes pictures for the evaluation, in order: equal arguments give equal items, whatever the number of
 * threads. A bad picture is an item too, and has its place in shards and in `skip`; where the rest of a file cannot be read,
 * the last of its items says so. Pictures that are not selected are passed over without being decoded.
 *
 * Ending the iteration early ends the threads.
 *
 * @throws {UsageError} at once, where an option cannot be.
 * @throws {DataError} where a file cannot be opened.
 */
export function readPictures(
  source: PictureSource,
  options: ReadPicturesOptions = {},
): AsyncGenerator<Picture | BadPicture, void> {
  const { threads = webDecodeThreads } = source;
  const {
    size,
    workers = threads.count(),
    ahead = 64,
    onWorkersUnavailable = () => {},
    ...selection
  } = options;
  requireWhole('workers', workers);
  requireWhole('ahead', ahead, 1);
  checkSelection(selection);
  return decodeInOrder(select(source, selection), { ahead, size }, () =>
    openDecoder(workers, onWorkersUnavailable, threads.start),
  );
}

/** How many items `readPictures` will give. Reads no more of a TFRecord file than where its records begin. */
export async function countPictures(source: PictureSource, selection: Selection = {}): Promise<number> {
  checkSelection(selection);
  let count = 0;
  for await (const _ of select(source, selection)) count++;
  return count;
}

function checkSelection({ shard, limit = 0, skip = 0 }: Selection): void {
  requireWhole('limit', limit);
  requireWhole('skip', skip);
  if (shard === undefined) return;
  requireWhole('shard.count', shard.count, 1);
  requireWhole('shard.index', shard.index);
  if (shard.index >= shard.count) {
    throw new UsageError(
      `shard.index is ${shard.index}; of ${shard.count} shards the last is ${shard.count - 1}`,
    );
  }
}

function requireWhole(name: string, value: number, least = 0): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`${name} is ${value}; it must be a whole number from ${least}`);
  }
}

interface Selected {
  readonly position: number;
  readonly entry: PictureEntry;
}

async function* select(source: PictureSource, selection: Selection): AsyncGenerator<Selected> {
  const { shard = { index: 0, count: 1 }, limit = Number.POSITIVE_INFINITY, skip = 0 } = selection;
  if (limit === 0) return;
  let position = 0;
  for await (const entry of source.entries()) {
    const turn = Math.floor(position / shard.count);
    if (position % shard.count === shard.index && turn >= skip) yield { position, entry };
    if (++position >= limit) return;
  }
}

async function* decodeInOrder(
  selected: AsyncIterable<Selected>,
  { ahead, size }: { readonly ahead: number; readonly size: number | undefined },
  open: () => Promise<Decoder>,
): AsyncGenerator<Picture | BadPicture, void> {
  const decoder = await open();
  const atOnce = decoder.threads > 0 ? ahead : 1;
  const inWork: Promise<Picture | BadPicture>[] = [];
  try {
    for await (const { position, entry } of selected) {
      const place = { position, file: entry.file, record: entry.record };
      const loaded = await loadOrExplain(entry);
      const item =
        'jpeg' in loaded ? decode(decoder, place, entry, { ...loaded, size }) : { ...place, ...loaded };
      inWork.push(settledLater(item));
      if (inWork.length >= atOnce) yield await inWork.shift()!;
    }
    while (inWork.length > 0) yield await inWork.shift()!;
  } finally {
    await decoder.close();
  }
}

async function loadOrExplain(entry: PictureEntry): Promise<EncodedPicture | { error: DataError }> {
  try {
    return await entry.load();
  } catch (error) {
    if (error instanceof DataError) return { error };
    throw error;
  }
}

async function decode(
  decoder: Decoder,
  place: PicturePlace,
  entry: PictureEntry,
  { label, jpeg, size }: EncodedPicture & { readonly size: number | undefined },
): Promise<Picture | BadPicture> {
  const prepared = await decoder.prepare(jpeg, { size });
  return 'pixels' in prepared
    ? { ...place, label, pixels: prepared.pixels }
    : { ...place, error: entry.error(prepared.reason) };
}

/** A promise that is awaited only when its turn comes, or never: until then a failure is nobody's. */
function settledLater<T>(value: T | Promise<T>): Promise<T> {
  const promise = Promise.resolve(value);
  promise.catch(() => {});
  return promise;
}
