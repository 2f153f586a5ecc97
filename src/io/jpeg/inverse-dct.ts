import { flatAccurate, inverseDctAccurate } from './inverse-dct-accurate.ts';
import { flatFast, inverseDctFast } from './inverse-dct-fast.ts';

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

/** Turns a block of coefficients into samples, with the short cut for one that has a DC coefficient only. */
export type BlockWriter = (
  block: Int16Array,
  isFlat: boolean,
  samples: Uint8Array,
  offset: number,
  stride: number,
) => void;

export function blockWriter(method: DctMethod): BlockWriter {
  const { transform, flat } = METHODS[method];
  return (block, isFlat, samples, offset, stride) => {
    if (!isFlat) {
      transform(block, samples, offset, stride);
      return;
    }
    const sample = flat(block[0]);
    block[0] = 0;
    for (let row = 0, at = offset; row < 8; row++, at += stride) {
      for (let i = at; i < at + 8; i++) samples[i] = sample;
    }
  };
}
