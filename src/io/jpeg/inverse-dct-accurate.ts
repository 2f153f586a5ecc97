/*
 * The inverse DCT of Loeffler, Ligtenberg and Moschytz (1989) with 13 fraction bits, as libjpeg computes it
 * (ISLOW).
 */

const workspace = new Int32Array(64);

/** `InverseDct.transform` of the accurate method. */
export function inverseDctAccurate(
  block: Int16Array,
  samples: Uint8Array,
  offset: number,
  stride: number,
): void {
  for (let column = 0; column < 8; column++) pass(block, column, 8, workspace, 11);
  block.fill(0);
  for (let row = 0; row < 8; row++) {
    pass(workspace, 8 * row, 1, workspace, 18);
    const at = offset + row * stride;
    for (let i = 0; i < 8; i++) {
      samples[at + i] = sampleOf(workspace[8 * row + i]);
    }
  }
}

/** `InverseDct.flat` of the accurate method. */
export function flatAccurate(dc: number): number {
  return sampleOf((dc + 4) >> 3);
}

function sampleOf(value: number): number {
  return value < -128 ? 0 : value > 127 ? 255 : value + 128;
}

/**
 * One dimension: 8 numbers from `start` on, `step` apart, to the same places of `out`, less so many fraction
 * bits.
 */
function pass(
  from: Int16Array | Int32Array,
  start: number,
  step: number,
  out: Int32Array,
  fraction: number,
): void {
  const x0 = from[start];
  const x1 = from[start + step];
  const x2 = from[start + 2 * step];
  const x3 = from[start + 3 * step];
  const x4 = from[start + 4 * step];
  const x5 = from[start + 5 * step];
  const x6 = from[start + 6 * step];
  const x7 = from[start + 7 * step];

  const z0 = (x2 + x6) * 4433;
  const t2 = z0 - x6 * 15137;
  const t3 = z0 + x2 * 6270;
  const t0 = (x0 + x4) * 8192;
  const t1 = (x0 - x4) * 8192;
  const half = 1 << (fraction - 1);
  const even0 = t0 + t3 + half;
  const even3 = t0 - t3 + half;
  const even1 = t1 + t2 + half;
  const even2 = t1 - t2 + half;

  const z5 = (x7 + x3 + x5 + x1) * 9633;
  const z1 = (x7 + x1) * -7373;
  const z2 = (x5 + x3) * -20995;
  const z3 = (x7 + x3) * -16069 + z5;
  const z4 = (x5 + x1) * -3196 + z5;
  const odd0 = x7 * 2446 + z1 + z3;
  const odd1 = x5 * 16819 + z2 + z4;
  const odd2 = x3 * 25172 + z2 + z3;
  const odd3 = x1 * 12299 + z1 + z4;

  out[start] = (even0 + odd3) >> fraction;
  out[start + 7 * step] = (even0 - odd3) >> fraction;
  out[start + step] = (even1 + odd2) >> fraction;
  out[start + 6 * step] = (even1 - odd2) >> fraction;
  out[start + 2 * step] = (even2 + odd1) >> fraction;
  out[start + 5 * step] = (even2 - odd1) >> fraction;
  out[start + 3 * step] = (even3 + odd0) >> fraction;
  out[start + 4 * step] = (even3 - odd0) >> fraction;
}
