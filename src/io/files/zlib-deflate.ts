import { Readable } from 'node:stream';
import { createDeflate, createGzip } from 'node:zlib';

/** Packs a stream by the zlib of the runtime, in a thread of its own. */
export function zlibDeflate(
  chunks: AsyncIterable<Uint8Array>,
  format: 'gzip' | 'zlib',
): AsyncIterable<Uint8Array> {
  const packer = format === 'gzip' ? createGzip() : createDeflate();
  const source = Readable.from(chunks, { objectMode: true });
  source.on('error', (error) => packer.destroy(error));
  return source.pipe(packer);
}
