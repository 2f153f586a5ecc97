import { createHash } from 'node:crypto';

/** SHA-256 of the pieces, one after the other, in hexadecimal. */
export async function sha256(
  pieces: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}
