/** Unpacked bytes that any file may have. */
const FREE_BYTES = 2 ** 26;
/** Times its packed bytes that a file may have unpacked; checkpoints have some three, smtx files some ten. */
const MOST_TIMES = 100;

/** Bytes that a gzip stream of so many may unpack to; one of more is made to fill memories and disks. */
export function mostUnpacked(packedBytes: number): number {
  return Math.max(FREE_BYTES, MOST_TIMES * packedBytes);
}
