import { flatAccurate, inverseDctAccurate } from './inverse-dct-accurate.ts';
import { flatFast, inverseDctFast } from './inverse-dct-fast.ts';
import type { Plane } from './plane.ts';

/**
 * The inverse DCT: 'fast' is libjpeg's IFAST (TensorFlow's default, INTEGER_FAST), 'accurate' its ISLOW
 * (INTEGER_ACCURATE).
 */
export type DctMethod = 'fast' | 'accurate';

interface InverseDct {
  /**
   * Turns 64 dequantised coefficients, by rows, into samples. Clears the coefficients for the next block.
   * @param offset where the block begins in `samples`, whose rows are `stride` apart.
   */
  readonly transform: (block: Int16Array, samples: Uint8Array, offset: number, stride: number) => void;
  /** The sample all over a block of nothing but this dequantised DC coefficient. */
  readonly flat: (dc: number) => number;
}

const METHODS: Readonly<Record<DctMethod, InverseDct>> = {
  fast: { transform: inverseDctFast, flat: flatFast },
  accurate: { transform: inverseDctAccurate, flat: flatAccurate },
};

/**
 * Turns a block of coefficients into the samples of a plane from `offset` on, with a short cut for one that
 * has a DC coefficient only. Clears the coefficients.
 */
export type BlockWriter = (block: Int16Array, isFlat: boolean, plane: Plane, offset: number) => void;

export function blockWriter(method: DctMethod): BlockWriter {
  const { transform, flat } = METHODS[method];
  return (block, isFlat, { samples, words, stride }, offset) => {
    if (!isFlat) {
      transform(block, samples, offset, stride);
      return;
    }
    const four = flat(block[0]) * 0x01010101;
    block[0] = 0;
    for (let row = 0, at = offset >> 2; row < 8; row++, at += stride >> 2) {
      words[at] = four;
      words[at + 1] = four;
    }
  };
}
