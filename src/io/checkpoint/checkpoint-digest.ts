import type { ByteSource } from '../bytes/byte-source.ts';
import { isWebAddress } from '../bytes/given-bytes.ts';
import { isGzip } from '../bytes/inflate.ts';
import { diskTree } from '../files/disk-tree.ts';
import { diskUnpacking } from '../files/disk-unpacking.ts';
import { sha256 } from '../files/hash.ts';
import type { Located } from './locate.ts';
import { locateOnDisk } from './locate-on-disk.ts';
import { type Place, urlPlace } from './open-input.ts';

/** What a checkpoint can be told apart by. */
export interface CheckpointDigest {
  /** The files that were hashed. */
  readonly files: readonly string[];
  /** SHA-256 of their bytes, one file after the other, in hexadecimal. */
  readonly sha256: string;
}

/**
 * Hashes the least that settles all contents of a checkpoint: the index of a V2 one, which holds the checksums of all
 * tensors, the files of a V1 or safetensors one, a gzipped archive as it is.
 * @param path or URL, as for `openCheckpoint`.
 * @throws {DataError} where there is no checkpoint.
 */
export async function checkpointDigest(path: string): Promise<CheckpointDigest> {
  const place = isWebAddress(path)
    ? urlPlace(new URL(path), diskUnpacking, {})
    : { tree: diskTree, path, locate: () => locateOnDisk(path) };
  try {
    const archive = await openIfGzipped(place);
    return await (archive === undefined ? digestLocated(await place.locate()) : digest([archive]));
  } finally {
    await place.tree.close();
  }
}

async function digestLocated({ tree, checkpoint }: Located): Promise<CheckpointDigest> {
  try {
    const files = checkpoint.format === 'V2' ? [`${checkpoint.prefix}.index`] : checkpoint.files;
    return await digest(await Promise.all(files.map((file) => tree.open(file))));
  } finally {
    await tree.close();
  }
}

async function openIfGzipped({ tree, path }: Pick<Place, 'tree' | 'path'>): Promise<ByteSource | undefined> {
  if ((await tree.kind(path)) !== 'file') return undefined;
  const source = await tree.open(path);
  if (isGzip(await source.read(0, Math.min(source.size, 3)))) return source;
  await source.close();
  return undefined;
}

async function digest(sources: readonly ByteSource[]): Promise<CheckpointDigest> {
  return { files: sources.map(({ file }) => file), sha256: await sha256(bytesOf(sources)) };
}

/** Closes each source when it is read. */
async function* bytesOf(sources: readonly ByteSource[]): AsyncGenerator<Uint8Array> {
  for (const source of sources) {
    try {
      yield* source.stream();
    } finally {
      await source.close();
    }
  }
}
