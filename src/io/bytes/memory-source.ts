import { ByteSource } from './byte-source.ts';

/** Bytes in memory. @param file what errors call them */
export function memorySource(file: string, bytes: Uint8Array): ByteSource {
  return new ByteSource(file, {
    size: bytes.length,
    async readInto(position, target) {
      const read = bytes.subarray(position, position + target.length);
      target.set(read);
      return read.length;
    },
    async close() {},
  });
}
