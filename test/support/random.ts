/** Numbers in [0, 1). */
export type Random = () => number;

/**
 * Random numbers that depend on the seed alone (mulberry32). fast-check draws shapes and the seed; what fills a matrix
 * comes from here, because drawing and shrinking thousands of floats one by one would take longer than the kernels.
 */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 to `below - 1`. */
export function below(random: Random, below: number): number {
  return Math.floor(random() * below);
}

/** Floats of both signs with magnitudes from 2^−spread to 2^(spread + 1): a wide spread makes sums lose bits. */
export function floats(random: Random, count: number, spread: number): Float32Array {
  return Float32Array.from({ length: count }, () => {
    const exponent = Math.floor((2 * random() - 1) * (spread + 0.5) + 0.5);
    return (random() < 0.5 ? -1 : 1) * (1 + random()) * 2 ** exponent;
  });
}

/** Whole numbers from −9 to 9, of which float32 sums and products are exact, in any order. */
export function smallIntegers(random: Random, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => below(random, 19) - 9);
}

/** Where the zeros of a matrix lie. */
export type Pattern = 'scattered' | 'empty rows' | 'one full row';

/** Puts zeros into a matrix so that about `density` of its rows' entries remain; the full row keeps all. */
export function sparsify(
  random: Random,
  matrix: Float32Array,
  cols: number,
  density: number,
  pattern: Pattern,
): Float32Array {
  const rows = matrix.length / cols;
  const full = pattern === 'one full row' ? below(random, rows) : -1;
  for (let row = 0; row < rows; row++) {
    if (row === full) continue;
    const empty = pattern === 'empty rows' && random() < 0.5;
    for (let col = 0; col < cols; col++) {
      if (empty || random() >= density) matrix[row * cols + col] = 0;
    }
  }
  return matrix;
}
