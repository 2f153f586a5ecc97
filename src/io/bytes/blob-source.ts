import { DataError } from '../../base/errors.ts';
import { ByteSource } from './byte-source.ts';
import { streamChunks } from './stream-chunks.ts';

/** A Blob, such as a file that a user has chosen; only what is asked for is taken out of it. @param file what errors call it */
export function blobSource(file: string, blob: Blob): ByteSource {
  return new ByteSource(file, {
    size: blob.size,
    async readInto(position, target) {
      const slice = blob.slice(position, position + target.length);
      target.set(new Uint8Array(await explained(file, slice.arrayBuffer())));
      return slice.size;
    },
    stream: () => streamChunks(blob.stream()),
    async close() {},
  });
}

/** A file that has been changed or removed since it was chosen cannot be read any more. */
async function explained<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new DataError(`cannot be read (${(cause as Error).message}); choose it again`, { file }, { cause });
  }
}
