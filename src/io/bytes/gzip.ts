import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DataError } from '../../base/errors.ts';
import { ByteSource } from './byte-source.ts';
import { unreadArchive } from './unread-archives.ts';

/** Unpacked bytes that any file may have. */
const FREE_BYTES = 2 ** 26;
/** Times its packed bytes that a file may have unpacked; checkpoints have some three, smtx files some ten. */
const MOST_TIMES = 100;
/** The most a text file may unpack to: it is read whole. */
const MAX_UNPACKED = 2 ** 30;

/** Bytes that a gzip stream of so many may unpack to; one of more is made to fill memories and disks. */
export function mostUnpacked(packedBytes: number): number {
  return Math.max(FREE_BYTES, MOST_TIMES * packedBytes);
}

/** Whether bytes begin as a gzip stream does. Names promise nothing, so it is told by this. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}

/** A whole file, unpacked if it is gzipped. */
export async function readMaybeGzipped(path: string): Promise<Uint8Array> {
  const source = await ByteSource.open(path);
  const bytes = await source.read(0, source.size).finally(() => source.close());
  const unread = unreadArchive(bytes);
  if (unread !== undefined) throw new DataError(unread, { file: path });
  if (!isGzip(bytes)) return bytes;
  try {
    const maxOutputLength = Math.min(MAX_UNPACKED, mostUnpacked(bytes.length));
    return await promisify(gunzip)(bytes, { maxOutputLength });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new DataError(
        `its ${bytes.length} bytes unpack to far more than a file of text does; if it is right, unpack it and give that`,
        { file: path },
        { cause },
      );
    }
    throw new DataError(
      `the gzip stream is damaged or cut short (${(cause as Error).message}); get it again`,
      { file: path },
      { cause },
    );
  }
}
