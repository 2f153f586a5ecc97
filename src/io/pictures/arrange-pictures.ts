import { DataError, UsageError } from '../../base/errors.ts';
import type { Inflate } from '../bytes/inflate.ts';
import { classFolders, classNames } from './class-folders.ts';
import type { DecodeThreads } from './decode-threads.ts';
import { filePictures } from './file-pictures.ts';
import { labelPictures } from './labels.ts';
import { onlyJpeg } from './picture-format.ts';
import type { FoundFiles } from './picture-kinds.ts';
import type { IndexedPictures } from './picture-source.ts';
import { recordPictures } from './record-pictures.ts';

/** How pictures that were found are labelled. */
export interface LabelOptions {
  /** Do without labels where JPEG files have none. Default false. */
  readonly unlabelled?: boolean;
  /** The stored label of class 0 in TFRecord files. Default 1, as in ImageNet's. */
  readonly labelOffset?: number;
}

/** Pictures that were found. */
export interface OpenedPictures extends IndexedPictures {
  /** What the user should know of them, such as that files of a set are missing, or classes of a network. */
  readonly notes: readonly string[];
  /** Of the classes, by their numbers, where these are the ranks of the folders that pictures are in. */
  readonly classNames?: readonly string[] | undefined;
}

/** Where the text with the classes of pictures is. */
export interface LabelFile {
  /** What errors call it. */
  readonly file: string;
  read(): Promise<string>;
}

/** What of a runtime it takes to read pictures. */
export interface PictureRuntime {
  readonly inflate: Inflate;
  readonly threads: DecodeThreads;
}

/**
 * Makes one source of what was found.
 * @throws {UsageError} where TFRecord and JPEG files are mixed, or labels are missing or superfluous.
 * @throws {DataError} where all are single pictures in other formats than JPEG.
 */
export async function arrangePictures(
  found: readonly FoundFiles[],
  labels: LabelFile | undefined,
  { unlabelled, labelOffset }: LabelOptions,
  { inflate, threads }: PictureRuntime,
): Promise<OpenedPictures> {
  if (found.length === 0)
    throw new UsageError('no pictures are given; name TFRecord or JPEG files, or a folder');
  const kinds = new Set(found.map(({ kind }) => kind));
  if (kinds.size > 1)
    throw new UsageError('TFRecord and JPEG files are mixed; give them one after the other');
  const files = found.flatMap((each) => each.files);
  if (kinds.has('records')) {
    if (labels !== undefined)
      throw new UsageError(`${labels.file} is not needed: TFRecord files have labels`);
    const sorted = files.toSorted((a, b) => compareText(a.name, b.name));
    const notes = missingShards(sorted.map(({ name }) => name));
    return { ...recordPictures(sorted, inflate, labelOffset), threads, notes };
  }
  requireJpeg(found);
  const notes = found.flatMap((each) => each.notes ?? []);
  const paths = files.map(({ path }) => path);
  if (labels !== undefined) {
    const text = { file: labels.file, text: await labels.read() };
    const classes = labelPictures(text, paths, (note) => notes.push(note));
    return { ...filePictures(files, classes), labels: labels.file, threads, notes };
  }
  if (unlabelled) return { ...filePictures(files), threads, notes };
  const classes = classFolders(paths, (note) => notes.push(note));
  if (classes !== undefined) {
    return { ...filePictures(files, classes), threads, notes, classNames: classNames(paths) };
  }
  throw new UsageError(
    `${files[0].name}: JPEG files have no labels; give a labels file, or a folder that has a folder for each class`,
  );
}

/** Of several pictures one that is no JPEG is left to be reported in its turn. */
function requireJpeg(found: readonly FoundFiles[]): void {
  const [{ files, format }] = found;
  if (format === undefined || found.some((each) => each.format === undefined)) return;
  throw new DataError(onlyJpeg(format), { file: files[0].name });
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** A note for each set `<name>-NNNNN-of-NNNNN` of which not all files are there. */
function missingShards(files: readonly string[]): string[] {
  const present = new Map<string, Set<string>>();
  for (const file of files) {
    const [, name, shard, count] = /^(.*)-(\d+)-of-(\d+)$/.exec(file) ?? [];
    if (name === undefined) continue;
    const set = `${name}-*-of-${count}`;
    present.set(set, (present.get(set) ?? new Set()).add(shard));
  }
  return [...present]
    .map(([set, { size }]) => ({ set, size, count: Number(/\d+$/.exec(set)) }))
    .filter(({ size, count }) => size < count)
    .map(({ set, size, count }) => `${set}: ${size} of ${count} files are there`);
}
