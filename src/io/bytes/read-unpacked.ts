import { DataError } from '../../base/errors.ts';
import type { ByteSource } from './byte-source.ts';
import { type Inflate, isGzip } from './inflate.ts';
import { mostUnpacked } from './most-unpacked.ts';
import { unreadArchive } from './unread-archives.ts';

/** The most a text file may unpack to: it is read whole. */
const MAX_UNPACKED = 2 ** 30;

/** All bytes of a source, unpacked if they are gzipped. */
export async function readUnpacked(source: ByteSource, inflate: Inflate): Promise<Uint8Array> {
  const head = await source.read(0, Math.min(source.size, 16));
  const unread = unreadArchive(head);
  if (unread !== undefined) throw source.error(unread);
  if (!isGzip(head)) return source.read(0, source.size);
  const limit = Math.min(MAX_UNPACKED, mostUnpacked(source.size));
  try {
    return await collect(inflate(source.stream(), 'gzip'), limit);
  } catch (cause) {
    if (cause instanceof TooMuch) {
      throw source.error(
        `its ${source.size} bytes unpack to far more than a file of text does; if it is right, unpack it and give that`,
      );
    }
    throw new DataError(
      `the gzip stream is damaged or cut short (${(cause as Error).message}); get it again`,
      { file: source.file },
      { cause },
    );
  }
}

class TooMuch extends Error {}

async function collect(chunks: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > limit) throw new TooMuch();
    parts.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
