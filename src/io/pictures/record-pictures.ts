import { DataError } from '../../base/errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import type { Inflate } from '../bytes/inflate.ts';
import { placed } from '../bytes/place.ts';
import { decodeExample } from '../records/example.ts';
import { readRecords } from '../records/read-records.ts';
import { imageNetPicture } from './imagenet-example.ts';
import type { PictureEntry, PictureSource } from './picture-source.ts';

/**
 * The pictures of TFRecord files with ImageNet's features, file after file. Damage is reported by the record it is in; see
 * `readRecords` for what of a damaged file is lost.
 * @param labelOffset the stored label of class 0.
 */
export function recordPictures(
  files: readonly ByteFile[],
  inflate: Inflate,
  labelOffset?: number,
): PictureSource {
  return {
    files: files.map(({ name }) => name),
    async *entries() {
      for (const file of files) yield* entriesOf(file, inflate, labelOffset);
    },
  };
}

async function* entriesOf(
  file: ByteFile,
  inflate: Inflate,
  labelOffset: number | undefined,
): AsyncGenerator<PictureEntry> {
  for await (const { index, offset, read } of readRecords(file, inflate)) {
    const where = { file: file.name, offset };
    const subject = `record ${index}`;
    yield {
      file: file.name,
      record: index,
      async load() {
        const data = await read();
        const example = placed(where, `${subject} is no tf.train.Example`, () => decodeExample(data));
        return placed(where, subject, () => imageNetPicture(example, labelOffset));
      },
      error: (reason) => new DataError(`${subject}, its JPEG: ${reason}`, where),
    };
  }
}
