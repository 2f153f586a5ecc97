const MIN_TIMESCALE = 1;
const MAX_TIMESCALE = 10_000;

/**
 * Sinusoidal timing signal `[positions, channels]`: sines in the first half of the channels, cosines in the second (an odd
 * last channel is 0), wavelengths in geometric progression from 2π to 10,000 · 2π (Vaswani et al. 2017, §3.5, in the
 * arrangement of Tensor2Tensor). Frequencies and angles are rounded to float32 as in the original.
 */
export function timingSignal(positions: number, channels: number): Float32Array {
  const timescales = Math.floor(channels / 2);
  const increment = Math.log(MAX_TIMESCALE / MIN_TIMESCALE) / Math.max(timescales - 1, 1);
  const frequencies = Float32Array.from({ length: timescales }, (_, k) =>
    Math.fround(MIN_TIMESCALE * Math.exp(Math.fround(k * Math.fround(-increment)))),
  );
  const signal = new Float32Array(positions * channels);
  for (let position = 0; position < positions; position++) {
    const row = position * channels;
    for (let k = 0; k < timescales; k++) {
      const angle = Math.fround(position * frequencies[k]);
      signal[row + k] = Math.sin(angle);
      signal[row + timescales + k] = Math.cos(angle);
    }
  }
  return signal;
}
