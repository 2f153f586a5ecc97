/*
 * The inverse DCT of Arai, Agui and Nakajima (1988) in 16-bit integers, as libjpeg-turbo computes it (IFAST):
 * products are cut, not rounded, after 8 fraction bits. Coefficients come multiplied with their scale factors
 * (dequantise.ts).
 *
 * Sums need no care to wrap at 16 bits like the vector code's: only what goes into a product or out of the
 * transform is brought to 16 bits, which leaves the result the same for damaged files too.
 */

const workspace = new Int32Array(64);

/** `InverseDct.transform` of the fast method. */
export function inverseDctFast(block: Int16Array, samples: Uint8Array, offset: number, stride: number): void {
  for (let c = 0; c < 8; c++) {
    const x0 = block[c];
    const x1 = block[c + 8];
    const x2 = block[c + 16];
    const x3 = block[c + 24];
    const x4 = block[c + 32];
    const x5 = block[c + 40];
    const x6 = block[c + 48];
    const x7 = block[c + 56];
    if ((x1 | x2 | x3 | x4 | x5 | x6 | x7) === 0) {
      for (let at = c; at < 64; at += 8) workspace[at] = x0;
      continue;
    }
    const a = x0 + x4;
    const b = x0 - x4;
    const e = x2 + x6;
    const d = times362(x2 - x6) - e;
    const even0 = a + e;
    const even3 = a - e;
    const even1 = b + d;
    const even2 = b - d;

    const p = x5 + x3;
    const q = x5 - x3;
    const r = x1 + x7;
    const s = x1 - x7;
    const z = times473(q + s);
    const odd7 = r + p;
    const odd6 = timesMinus669(q) + z - odd7;
    const odd5 = times362(r - p) - odd6;
    const odd4 = times277(s) - z + odd5;

    workspace[c] = even0 + odd7;
    workspace[c + 8] = even1 + odd6;
    workspace[c + 16] = even2 + odd5;
    workspace[c + 24] = even3 - odd4;
    workspace[c + 32] = even3 + odd4;
    workspace[c + 40] = even2 - odd5;
    workspace[c + 48] = even1 - odd6;
    workspace[c + 56] = even0 - odd7;
  }
  block.fill(0);
  for (let row = 0; row < 64; row += 8, offset += stride) {
    const x0 = workspace[row];
    const x1 = workspace[row + 1];
    const x2 = workspace[row + 2];
    const x3 = workspace[row + 3];
    const x4 = workspace[row + 4];
    const x5 = workspace[row + 5];
    const x6 = workspace[row + 6];
    const x7 = workspace[row + 7];
    const a = x0 + x4;
    const b = x0 - x4;
    const e = x2 + x6;
    const d = times362(x2 - x6) - e;
    const even0 = a + e;
    const even3 = a - e;
    const even1 = b + d;
    const even2 = b - d;

    const p = x5 + x3;
    const q = x5 - x3;
    const r = x1 + x7;
    const s = x1 - x7;
    const z = times473(q + s);
    const odd7 = r + p;
    const odd6 = timesMinus669(q) + z - odd7;
    const odd5 = times362(r - p) - odd6;
    const odd4 = times277(s) - z + odd5;

    samples[offset] = SAMPLE[((even0 + odd7) >> 5) & 2047];
    samples[offset + 1] = SAMPLE[((even1 + odd6) >> 5) & 2047];
    samples[offset + 2] = SAMPLE[((even2 + odd5) >> 5) & 2047];
    samples[offset + 3] = SAMPLE[((even3 - odd4) >> 5) & 2047];
    samples[offset + 4] = SAMPLE[((even3 + odd4) >> 5) & 2047];
    samples[offset + 5] = SAMPLE[((even2 - odd5) >> 5) & 2047];
    samples[offset + 6] = SAMPLE[((even1 - odd6) >> 5) & 2047];
    samples[offset + 7] = SAMPLE[((even0 - odd7) >> 5) & 2047];
  }
}

/** `InverseDct.flat` of the fast method. */
export function flatFast(dc: number): number {
  return SAMPLE[(dc >> 5) & 2047];
}

/** Sample of the high 11 of 16 bits, two's complement: moved up by 128 and clamped. */
const SAMPLE = Uint8Array.from({ length: 2048 }, (_, bits) =>
  Math.min(255, Math.max(0, ((bits << 21) >> 21) + 128)),
);

/*
 * Products with 1.414213562, 1.847759065, 1.082392200 and −2.613125930. The vector code shifts a value up by
 * 2 of its 16 bits to multiply, so 14 of them count; and it takes −2.613125930 apart into −1.613125930 and
 * −1.
 */

function times362(value: number): number {
  return (((value << 18) >> 18) * 362) >> 8;
}

function times473(value: number): number {
  return (((value << 18) >> 18) * 473) >> 8;
}

function times277(value: number): number {
  return (((value << 18) >> 18) * 277) >> 8;
}

function timesMinus669(value: number): number {
  return ((((value << 18) >> 18) * -413) >> 8) - value;
}
