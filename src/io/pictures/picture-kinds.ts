import type { ByteFile } from '../bytes/byte-file.ts';

/** Files of one kind. */
export interface FoundFiles {
  readonly kind: 'records' | 'pictures';
  readonly files: readonly FoundFile[];
}

export interface FoundFile extends ByteFile {
  /** Its path below the folder that was given, if one was, with slashes; else its name. */
  readonly path: string;
}

/**
 * The files of a folder that are pictures: TFRecord files `validation-*` directly in it, or else all JPEG files; by the
 * order of their names.
 * @returns undefined where there are neither.
 */
export function picturesOfFolder(files: readonly FoundFile[]): FoundFiles | undefined {
  const records = evaluationRecords(files.filter(({ path }) => !path.includes('/')));
  if (records.length > 0) return { kind: 'records', files: byPath(records) };
  const pictures = files.filter(({ path }) => JPEG_NAME.test(path) && !HIDDEN.test(path));
  return pictures.length > 0 ? { kind: 'pictures', files: byPath(pictures) } : undefined;
}

/** What a file is, its bytes tell; one that has only the name of a JPEG is one, so that it is reported as a bad picture. */
export async function kindOfFile(file: ByteFile): Promise<FoundFiles['kind']> {
  const source = await file.open();
  try {
    const [first, second] = await source.read(0, Math.min(2, source.size));
    return (first === 0xff && second === 0xd8) || JPEG_NAME.test(file.name) ? 'pictures' : 'records';
  } finally {
    await source.close();
  }
}

const JPEG_NAME = /\.jpe?g$/i;
/** Such as the `._name.jpg` that macOS puts beside files. */
const HIDDEN = /(^|\/)\./;

/** Files beside the numbered shards are taken for something else. */
function evaluationRecords(files: readonly FoundFile[]): FoundFile[] {
  const numbered = files.filter(({ path }) => /^validation-\d+-of-\d+$/.test(path));
  return numbered.length > 0 ? numbered : files.filter(({ path }) => path.startsWith('validation-'));
}

function byPath(files: readonly FoundFile[]): FoundFile[] {
  return files.toSorted((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}
