import { DataError } from '../../base/errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import { FOREIGN_NAME, foreignFormat, MARK_BYTES } from './picture-format.ts';

/** Files of one kind. */
export interface FoundFiles {
  readonly kind: 'records' | 'pictures';
  readonly files: readonly FoundFile[];
  /** Of a single picture that is no JPEG. */
  readonly format?: string | undefined;
  /** What the user should know of the folder they are of. */
  readonly notes?: readonly string[];
}

export interface FoundFile extends ByteFile {
  /** Its path below the folder that was given, if one was, with slashes; else its name. */
  readonly path: string;
}

/** Which of the files of a data set are meant, by the names that TFRecord files have. */
export type PictureSplit = 'validation' | 'train';

/**
 * The files of a folder that are pictures: TFRecord files `validation-*`, or `train-*`, directly in it, or else all JPEG files; by the
 * order of their names.
 * @throws {DataError} where there are neither.
 */
export function picturesOfFolder(
  folder: string,
  files: readonly FoundFile[],
  split: PictureSplit = 'validation',
): FoundFiles {
  const records = recordsOfSplit(
    files.filter(({ path }) => !path.includes('/')),
    split,
  );
  if (records.length > 0) return { kind: 'records', files: byPath(records) };
  const visible = files.filter(({ path }) => !HIDDEN.test(path));
  const pictures = visible.filter(({ path }) => JPEG_NAME.test(path));
  const others = visible.filter(({ path }) => FOREIGN_NAME.test(path));
  const rest = `${others.length} pictures in other formats, such as ${others[0]?.path}: only JPEG is read`;
  if (pictures.length > 0) {
    const notes = others.length === 0 ? [] : [`${folder}: leaves out ${rest}`];
    return { kind: 'pictures', files: byPath(pictures), notes };
  }
  const hint = others.length === 0 ? '' : `, but ${rest}`;
  throw new DataError(`has neither TFRecord files "${split}-*" nor JPEG files${hint}`, { file: folder });
}

/** What a file is, its bytes tell; one that has only the name of a JPEG is one, so that it is reported as a bad picture. */
export async function foundFile(file: FoundFile): Promise<FoundFiles> {
  const source = await file.open();
  try {
    const start = await source.read(0, Math.min(MARK_BYTES, source.size));
    const format = foreignFormat(start);
    const isPicture = format !== undefined || (start[0] === 0xff && start[1] === 0xd8);
    const kind = isPicture || JPEG_NAME.test(file.name) ? 'pictures' : 'records';
    return { kind, files: [file], format };
  } finally {
    await source.close();
  }
}

const JPEG_NAME = /\.jpe?g$/i;
/** Such as the `._name.jpg` that macOS puts beside files. */
const HIDDEN = /(^|\/)\./;

/** Files beside the numbered shards are taken for something else. */
function recordsOfSplit(files: readonly FoundFile[], split: PictureSplit): FoundFile[] {
  const ofSplit = files.filter(({ path }) => path.startsWith(`${split}-`));
  const numbered = ofSplit.filter(({ path }) => /^\w+-\d+-of-\d+$/.test(path));
  return numbered.length > 0 ? numbered : ofSplit;
}

function byPath(files: readonly FoundFile[]): FoundFile[] {
  return files.toSorted((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}
