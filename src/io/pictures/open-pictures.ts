import { readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DataError, UsageError } from '../../base/errors.ts';
import { openFile } from '../files/file-source.ts';
import { filePictures } from './file-pictures.ts';
import { labelPictures } from './labels.ts';
import type { PictureSource } from './picture-source.ts';
import { recordPictures } from './record-pictures.ts';

export interface OpenPicturesOptions {
  /** A text file with the classes of pictures that are JPEG files; see `labelPictures`. */
  readonly labels?: string | undefined;
  /** Do without labels where JPEG files have none. Default false. */
  readonly unlabelled?: boolean;
  /** The stored label of class 0 in TFRecord files. Default 1, as in ImageNet's. */
  readonly labelOffset?: number;
}

/** Pictures that were found. */
export interface OpenedPictures extends PictureSource {
  /** What the user should know of them, such as that files of a set are missing, or classes of a network. */
  readonly notes: readonly string[];
}

/**
 * Finds the pictures of an evaluation. Each path is a directory with TFRecord files `validation-*`, a TFRecord file, a
 * folder of JPEG files (looked through recursively), or a JPEG file; what kind a file is, its bytes tell. TFRecord files
 * and the pictures of a folder come in the order of their names, single pictures in the order they are given.
 *
 * @throws {DataError} where there is no such file, or a directory has neither.
 * @throws {UsageError} where TFRecord and JPEG files are mixed, or labels are missing or superfluous.
 */
export async function openPictures(
  paths: readonly string[],
  options: OpenPicturesOptions = {},
): Promise<OpenedPictures> {
  if (paths.length === 0)
    throw new UsageError('no pictures are given; name TFRecord or JPEG files, or a folder');
  const found = await Promise.all(paths.map(findFiles));
  const kinds = new Set(found.map(({ kind }) => kind));
  if (kinds.size > 1)
    throw new UsageError('TFRecord and JPEG files are mixed; give them one after the other');
  const { labels, labelOffset } = options;
  const files = found.flatMap(({ folder, names }) =>
    names.map((name) => (folder === undefined ? name : join(folder, name))),
  );
  if (kinds.has('records')) {
    if (labels !== undefined) throw new UsageError(`${labels} is not needed: TFRecord files have labels`);
    return { ...recordPictures(files.sort(), labelOffset), notes: missingShards(files) };
  }
  if (labels !== undefined) {
    const names = found.flatMap((each) => each.names);
    const notes: string[] = [];
    const classes = await labelPictures(labels, names, (note) => notes.push(note));
    return { ...filePictures(files, classes), notes };
  }
  if (options.unlabelled) return { ...filePictures(files), notes: [] };
  throw new UsageError(`${paths[0]}: JPEG files have no labels; give a labels file`);
}

/** Files of one kind; names are paths, below the folder if there is one, with slashes. */
interface Found {
  readonly kind: 'records' | 'pictures';
  readonly folder?: string;
  readonly names: readonly string[];
}

async function findFiles(path: string): Promise<Found> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory()) return searchDirectory(path);
  return { kind: (await isPicture(path)) ? 'pictures' : 'records', names: [path] };
}

async function searchDirectory(folder: string): Promise<Found> {
  const records = evaluationRecords(await readdir(folder));
  if (records.length > 0) return { kind: 'records', folder, names: records.sort() };
  const below = await readdir(folder, { recursive: true });
  const pictures = below
    .map((name) => name.split(sep).join('/'))
    .filter((name) => JPEG_NAME.test(name) && !HIDDEN.test(name));
  if (pictures.length > 0) return { kind: 'pictures', folder, names: pictures.sort() };
  throw new DataError('has neither TFRecord files "validation-*" nor JPEG files', { file: folder });
}

const JPEG_NAME = /\.jpe?g$/i;
/** Such as the `._name.jpg` that macOS puts beside files. */
const HIDDEN = /(^|\/)\./;

/** Files beside the numbered shards are taken for something else. */
function evaluationRecords(names: readonly string[]): string[] {
  const numbered = names.filter((name) => /^validation-\d+-of-\d+$/.test(name));
  return numbered.length > 0 ? numbered : names.filter((name) => name.startsWith('validation-'));
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

/** Also for a file that has only the name of one, so that it is reported as a bad picture. */
async function isPicture(path: string): Promise<boolean> {
  const source = await openFile(path);
  try {
    const [first, second] = await source.read(0, Math.min(2, source.size));
    return (first === 0xff && second === 0xd8) || JPEG_NAME.test(path);
  } finally {
    await source.close();
  }
}
