import { DataError } from '../../base/errors.ts';
import { placed } from '../bytes/place.ts';
import { decodeExample } from '../records/example.ts';
import { readTfRecords } from '../records/tfrecord.ts';
import { imageNetPicture } from './imagenet-example.ts';
import type { PictureEntry, PictureSource } from './picture-source.ts';

/**
 * The pictures of TFRecord files with ImageNet's features, file after file. Damage is reported by the record it is in; see
 * `readTfRecords` for what of a damaged file is lost.
 * @param labelOffset the stored label of class 0.
 */
export function recordPictures(files: readonly string[], labelOffset?: number): PictureSource {
  return {
    files,
    async *entries() {
      for (const file of files) yield* entriesOf(file, labelOffset);
    },
  };
}

async function* entriesOf(file: string, labelOffset: number | undefined): AsyncGenerator<PictureEntry> {
  for await (const { index, offset, read } of readTfRecords(file)) {
    const where = { file, offset };
    const subject = `record ${index}`;
    yield {
      file,
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
