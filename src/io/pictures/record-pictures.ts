import { DataError, UsageError } from '../../base/errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import type { Inflate } from '../bytes/inflate.ts';
import { placed } from '../bytes/place.ts';
import { decodeExample } from '../records/example.ts';
import { isPacked, readRecordAt, readRecords, type TfRecord } from '../records/read-records.ts';
import { imageNetPicture } from './imagenet-example.ts';
import type { IndexedPictures, PictureEntry, PictureIndex } from './picture-source.ts';

/**
 * The pictures of TFRecord files with ImageNet's features, file after file. Damage is reported by the record it is in; see
 * `readRecords` for what of a damaged file is lost.
 * @param labelOffset the stored label of class 0.
 */
export function recordPictures(
  files: readonly ByteFile[],
  inflate: Inflate,
  labelOffset?: number,
): IndexedPictures {
  return {
    files: files.map(({ name }) => name),
    async *entries() {
      for (const file of files) {
        for await (const record of readRecords(file, inflate)) yield entryOf(file, record, labelOffset);
      }
    },
    index: () => recordIndex(files, inflate, labelOffset),
  };
}

/** Where all records of plain files begin. */
async function recordIndex(
  files: readonly ByteFile[],
  inflate: Inflate,
  labelOffset: number | undefined,
): Promise<PictureIndex> {
  const offsets: number[] = [];
  const firsts: number[] = [];
  for (const file of files) {
    await requirePlain(file);
    firsts.push(offsets.length);
    for await (const { offset } of readRecords(file, inflate)) offsets.push(offset);
  }
  return {
    count: offsets.length,
    entry(number) {
      const at = firsts.findLastIndex((first) => first <= number);
      const index = number - firsts[at];
      const offset = offsets[number];
      return entryOf(
        files[at],
        { index, offset, read: () => readRecordAt(files[at], index, offset) },
        labelOffset,
      );
    },
  };
}

function entryOf(file: ByteFile, { index, offset, read }: TfRecord, labelOffset?: number): PictureEntry {
  const where = { file: file.name, offset };
  const subject = `record ${index}`;
  return {
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

async function requirePlain(file: ByteFile): Promise<void> {
  if (!(await isPacked(file))) return;
  throw new UsageError(`${file.name}: is packed, and cannot be read in any order; unpack it first`);
}
