import { createOutputFile } from '../files/atomic-file.ts';
import { diskFile } from '../files/file-source.ts';
import { zlibDeflate } from '../files/zlib-deflate.ts';
import { zlibInflate } from '../files/zlib-inflate.ts';
import { readRecords, type TfRecord, type TfRecordOptions } from './read-records.ts';
import { recordFrames } from './record-frames.ts';

export type { TfRecord, TfRecordOptions } from './read-records.ts';

/** The records of a TFRecord file on disk, in order; see `readRecords`. @throws {DataError} where there is no such file. */
export function readTfRecords(path: string, options?: TfRecordOptions): AsyncGenerator<TfRecord> {
  return readRecords(diskFile(path), zlibInflate, options);
}

/** How records are written. */
export interface WriteTfRecordsOptions {
  /** Of the whole file. Default `none`, which is what TensorFlow reads unless told otherwise. */
  readonly compression?: 'none' | 'gzip' | 'zlib';
}

/**
 * Writes a TFRecord file, one record after the other as they come; it appears whole or not at all.
 * @throws {UsageError} where the file cannot be written.
 */
export async function writeTfRecords(
  path: string,
  records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: WriteTfRecordsOptions = {},
): Promise<void> {
  const file = await createOutputFile(path);
  try {
    for await (const chunk of pack(recordFrames(records), options.compression)) await file.write(chunk);
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

function pack(
  chunks: AsyncIterable<Uint8Array>,
  compression: WriteTfRecordsOptions['compression'] = 'none',
): AsyncIterable<Uint8Array> {
  return compression === 'none' ? chunks : zlibDeflate(chunks, compression);
}
