import { createHash, type Hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { ByteSource } from '../bytes/byte-source.ts';
import { isGzip } from '../bytes/gzip.ts';
import { locateCheckpoint } from './locate.ts';

/** What a checkpoint can be told apart by. */
export interface CheckpointDigest {
  /** The files that were hashed. */
  readonly files: readonly string[];
  /** SHA-256 of their bytes, one file after the other, in hexadecimal. */
  readonly sha256: string;
}

/**
 * Hashes the least that settles all contents of a checkpoint: the index of a V2 one, which holds the checksums of all
 * tensors, the files of a V1 one, a gzipped archive as it is.
 * @param path as for `openCheckpoint`.
 * @throws {DataError} where there is no checkpoint.
 */
export async function checkpointDigest(path: string): Promise<CheckpointDigest> {
  const archive = await openIfGzipped(path);
  if (archive !== undefined) return digest([archive]);
  const { tree, checkpoint } = await locateCheckpoint(path);
  try {
    const files = checkpoint.format === 'V2' ? [`${checkpoint.prefix}.index`] : checkpoint.files;
    return await digest(await Promise.all(files.map((file) => tree.open(file))));
  } finally {
    await tree.close();
  }
}

async function openIfGzipped(path: string): Promise<ByteSource | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile()) return undefined;
  const source = await ByteSource.open(path);
  if (isGzip(await source.read(0, Math.min(source.size, 3)))) return source;
  await source.close();
  return undefined;
}

async function digest(sources: readonly ByteSource[]): Promise<CheckpointDigest> {
  const hash = createHash('sha256');
  for (const source of sources) {
    try {
      await update(hash, source);
    } finally {
      await source.close();
    }
  }
  return { files: sources.map(({ file }) => file), sha256: hash.digest('hex') };
}

const PIECE_BYTES = 2 ** 20;

async function update(hash: Hash, source: ByteSource): Promise<void> {
  for (let at = 0; at < source.size; at += PIECE_BYTES) {
    hash.update(await source.read(at, Math.min(PIECE_BYTES, source.size - at)));
  }
}
