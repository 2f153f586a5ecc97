import type { ByteSource } from './byte-source.ts';

/** Something that can be opened as often as it is needed: a file on disk, a Blob, bytes. */
export interface ByteFile {
  /** What errors call it. */
  readonly name: string;
  /** @throws {DataError} where it is not there or cannot be opened. */
  open(): Promise<ByteSource>;
}

/** All bytes of a file. */
export async function readAll(file: ByteFile): Promise<Uint8Array<ArrayBuffer>> {
  const source = await file.open();
  return source.read(0, source.size).finally(() => source.close());
}
