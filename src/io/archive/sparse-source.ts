import { ByteSource } from '../bytes/byte-source.ts';
import type { SparseMap, Stretch } from './sparse.ts';

/** A file with holes, read where its stretches are stored, one after the other, in `stored`; which it closes. */
export function sparseSource(stored: ByteSource, { size, stretches }: SparseMap): ByteSource {
  const starts: number[] = [];
  let length = 0;
  for (const stretch of stretches) {
    starts.push(length);
    length += stretch.length;
  }
  return new ByteSource(stored.file, {
    size,
    async readInto(position, target) {
      const index = firstEndingBehind(stretches, position);
      const { at, length } = stretches[index] ?? { at: size, length: 0 };
      if (position < at) return clear(target, at - position);
      const within = position - at;
      const part = target.subarray(0, length - within);
      await stored.readInto(starts[index] + within, part);
      return part.length;
    },
    close: () => stored.close(),
  });
}

function clear(target: Uint8Array, length: number): number {
  return target.subarray(0, length).fill(0).length;
}

/** Index of the first stretch that ends behind a position, found by halving. */
function firstEndingBehind(stretches: readonly Stretch[], position: number): number {
  let [low, high] = [0, stretches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const { at, length } = stretches[middle];
    if (at + length > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
