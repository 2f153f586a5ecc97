import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { explainReadFailure } from './read-failure.ts';

/** What a file can be told from others by. */
export interface FileDigest {
  /** Its size. */
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** In hexadecimal. */
  readonly md5: string;
}

export interface DigestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Sees every piece of the file, in order. */
  readonly onPiece?: (piece: Uint8Array) => void;
}

/**
 * Reads a file once, from beginning to end.
 * @throws {DataError} where it cannot be read.
 */
export async function digestFile(path: string, { signal, onPiece }: DigestOptions = {}): Promise<FileDigest> {
  const [sha256, md5] = [createHash('sha256'), createHash('md5')];
  let bytes = 0;
  const pieces = createReadStream(path, { highWaterMark: 2 ** 20 });
  try {
    for await (const piece of pieces) {
      signal?.throwIfAborted();
      sha256.update(piece);
      md5.update(piece);
      onPiece?.(piece);
      bytes += piece.length;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw explainReadFailure(path, cause as NodeJS.ErrnoException);
  }
  return { bytes, sha256: sha256.digest('hex'), md5: md5.digest('hex') };
}
