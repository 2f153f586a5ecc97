import type { DctMethod } from './inverse-dct.ts';
import { ZIGZAG } from './zigzag.ts';

/**
 * What coefficients are multiplied by before the inverse DCT, in the order of the file, with entries for the
 * 16 places past the end that ZIGZAG has.
 *
 * The fast DCT wants its own scale factors folded in, with two more bits: round(step · a / 2^12) for the
 * 14-bit factors a[r][c] = round(2^14 · s_r · s_c), s_0 = 1, s_k = √2 · cos(kπ/16). Products live in 16 bits,
 * as in libjpeg-turbo's vector code; so the factors may as well.
 */
export function dequantiserFor(steps: Uint16Array, method: DctMethod): Int32Array {
  const factors = new Int32Array(ZIGZAG.length);
  for (let k = 0; k < factors.length; k++) {
    const step = steps[Math.min(k, 63)];
    const factor = method === 'fast' ? (step * AAN_SCALES[ZIGZAG[k]] + 0x800) >> 12 : step;
    factors[k] = (factor << 16) >> 16;
  }
  return factors;
}

const AAN_SCALES = Int32Array.from({ length: 64 }, (_, place) =>
  Math.round(2 ** 14 * aanScale(place >> 3) * aanScale(place & 7)),
);

function aanScale(k: number): number {
  return k === 0 ? 1 : Math.SQRT2 * Math.cos((k * Math.PI) / 16);
}
