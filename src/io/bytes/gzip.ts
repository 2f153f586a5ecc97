import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DataError } from '../../base/errors.ts';
import { ByteSource } from './byte-source.ts';

/** The most a small text file may unpack to. */
const MAX_UNPACKED = 2 ** 30;

/** Whether bytes begin as a gzip stream does. Names promise nothing, so it is told by this. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}

/** A whole file, unpacked if it is gzipped. */
export async function readMaybeGzipped(path: string): Promise<Uint8Array> {
  const source = await ByteSource.open(path);
  const bytes = await source.read(0, source.size).finally(() => source.close());
  if (!isGzip(bytes)) return bytes;
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: MAX_UNPACKED });
  } catch (cause) {
    throw new DataError(
      `the gzip stream is damaged or cut short (${(cause as Error).message}); get it again`,
      { file: path },
      { cause },
    );
  }
}
