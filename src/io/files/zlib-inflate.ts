import { Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import type { Inflate } from '../bytes/inflate.ts';

const CHUNK_BYTES = 2 ** 18;

/** Unpacks by the zlib of the runtime, in a thread of its own. */
export const zlibInflate: Inflate = async function* (packed, format) {
  const options = { chunkSize: CHUNK_BYTES };
  const unpacker = format === 'gzip' ? createGunzip(options) : createInflate(options);
  const source = Readable.from(packed);
  source.on('error', (error) => unpacker.destroy(error));
  try {
    yield* source.pipe(unpacker);
  } finally {
    source.destroy();
    unpacker.destroy();
  }
};
