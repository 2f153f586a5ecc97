import { DataError } from '../../base/errors.ts';
import type { ByteSource } from './byte-source.ts';
import { type Inflate, isGzip } from './inflate.ts';
import { mostUnpacked } from './most-unpacked.ts';
import { unreadArchive } from './unread-archives.ts';

/** The most a text file may unpack to: it is read whole. */
const MAX_UNPACKED = 2 ** 30;

/** All bytes of a source, unpacked if they are gzipped. */
export async function readUnpacked(source: ByteSource, inflate: Inflate): Promise<Uint8Array> {
  if (!(await isGzipped(source))) return source.read(0, source.size);
  const limit = Math.min(MAX_UNPACKED, mostUnpacked(source.size));
  try {
    return await collect(gunzipped(source, inflate), limit);
  } catch (cause) {
    if (!(cause instanceof TooMuch)) throw cause;
    throw source.error(
      `its ${source.size} bytes unpack to far more than a file of text does; if it is right, unpack it and give that`,
    );
  }
}

/** The bytes of a source as they come, unpacked if they are gzipped. */
export async function* streamUnpacked(source: ByteSource, inflate: Inflate): AsyncGenerator<Uint8Array> {
  yield* (await isGzipped(source)) ? gunzipped(source, inflate) : source.stream();
}

/** @throws {DataError} for other archives than gzip's. */
async function isGzipped(source: ByteSource): Promise<boolean> {
  const head = await source.read(0, Math.min(source.size, 16));
  const unread = unreadArchive(head);
  if (unread !== undefined) throw source.error(unread);
  return isGzip(head);
}

async function* gunzipped(source: ByteSource, inflate: Inflate): AsyncGenerator<Uint8Array> {
  try {
    yield* inflate(source.stream(), 'gzip');
  } catch (cause) {
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
