/**
 * Unpacks a stream of either format (RFC 1952, of several members too, or RFC 1950). Damage, or an end that comes too
 * early, is an error of any kind.
 */
export type Inflate = (
  packed: AsyncIterable<Uint8Array>,
  format: 'gzip' | 'zlib',
) => AsyncIterable<Uint8Array>;

/** Whether bytes begin as a gzip stream does. Names promise nothing, so it is told by this. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}

/** Whether bytes begin as a zlib stream does: deflate with a window of up to 32 KiB, and a header divisible by 31. */
export function isZlib(head: Uint8Array): boolean {
  return (head[0] & 15) === 8 && head[0] >> 4 <= 7 && (head[0] * 256 + head[1]) % 31 === 0;
}
