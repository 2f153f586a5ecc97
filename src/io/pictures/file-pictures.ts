import { DataError } from '../../base/errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import type { EncodedPicture, IndexedPictures, PictureEntry } from './picture-source.ts';

/** A larger file is not taken for a picture. */
const MAX_BYTES = 2 ** 30;

/** Pictures that are files of their own. @param labels one for each, where there are labels. */
export function filePictures(files: readonly ByteFile[], labels?: readonly number[]): IndexedPictures {
  const entry = (at: number): PictureEntry => ({
    file: files[at].name,
    record: 0,
    load: () => load(files[at], labels?.[at]),
    error: (reason) => new DataError(reason, { file: files[at].name }),
  });
  return {
    files: files.map(({ name }) => name),
    async *entries() {
      for (const at of files.keys()) yield entry(at);
    },
    index: async () => ({ count: files.length, entry }),
  };
}

async function load(file: ByteFile, label: number | undefined): Promise<EncodedPicture> {
  const source = await file.open();
  try {
    if (source.size > MAX_BYTES) throw source.error(`a picture of ${source.size} bytes is not read`);
    return { label, jpeg: await source.read(0, source.size) };
  } finally {
    await source.close();
  }
}
