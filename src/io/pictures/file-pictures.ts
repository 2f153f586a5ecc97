import { DataError } from '../../base/errors.ts';
import { openFile } from '../files/file-source.ts';
import type { EncodedPicture, PictureSource } from './picture-source.ts';

/** A larger file is not taken for a picture. */
const MAX_BYTES = 2 ** 30;

/** Pictures that are files of their own. @param labels one for each, where there are labels. */
export function filePictures(files: readonly string[], labels?: readonly number[]): PictureSource {
  return {
    files,
    async *entries() {
      for (const [at, file] of files.entries()) {
        yield {
          file,
          record: 0,
          load: () => load(file, labels?.[at]),
          error: (reason) => new DataError(reason, { file }),
        };
      }
    },
  };
}

async function load(file: string, label: number | undefined): Promise<EncodedPicture> {
  const source = await openFile(file);
  try {
    if (source.size > MAX_BYTES) throw source.error(`a picture of ${source.size} bytes is not read`);
    return { label, jpeg: await source.read(0, source.size) };
  } finally {
    await source.close();
  }
}
