import { ByteSource } from './byte-source.ts';

/** A Blob, such as a file that a user has chosen; only what is asked for is taken out of it. @param file what errors call it */
export function blobSource(file: string, blob: Blob): ByteSource {
  return new ByteSource(file, {
    size: blob.size,
    async readInto(position, target) {
      const slice = blob.slice(position, position + target.length);
      target.set(new Uint8Array(await slice.arrayBuffer()));
      return slice.size;
    },
    async close() {},
  });
}
