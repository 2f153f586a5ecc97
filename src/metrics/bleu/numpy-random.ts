import { UsageError } from '../../base/errors.ts';

/**
 * Draws whole numbers from 0 to `below - 1`, the very ones of NumPy's `default_rng(seed).integers(0, below)`: PCG64 (O'Neill 2014, XSL
 * RR 128/64) seeded by `SeedSequence`, bounded by Lemire's method (2019).
 *
 * @param below at least 1, less than 2³².
 * @throws {UsageError} for a seed that is not a whole number from 0.
 */
export function uniformIntegers(seed: number, below: number): () => number {
  const next = pcg32(seed);
  const rejected = (2 ** 32 - below) % below;
  return () => {
    if (below === 1) return 0;
    for (;;) {
      const word = next();
      const low = Math.imul(word, below) >>> 0;
      // The product may exceed 2^53 and be rounded by less than 2^12, the quotient then by far less than a half.
      if (low >= rejected) return Math.round((word * below - low) / 2 ** 32);
    }
  };
}

const PCG_MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

/** Words of 32 bits: PCG64's words of 64 bits, lower half first. */
function pcg32(seed: number): () => number {
  const [stateHigh, stateLow, sequenceHigh, sequenceLow] = seedWords(seed);
  const increment = BigInt.asUintN(128, (((sequenceHigh << 64n) | sequenceLow) << 1n) | 1n);
  const step = (state: bigint) => BigInt.asUintN(128, state * PCG_MULTIPLIER + increment);
  let state = step(increment + ((stateHigh << 64n) | stateLow));
  let upper: number | undefined;
  return () => {
    if (upper !== undefined) {
      const word = upper;
      upper = undefined;
      return word;
    }
    state = step(state);
    const mixed = BigInt.asUintN(64, (state >> 64n) ^ state);
    const rotation = state >> 122n;
    const word = BigInt.asUintN(64, (mixed >> rotation) | (mixed << (64n - rotation)));
    upper = Number(word >> 32n);
    return Number(word & 0xffffffffn);
  };
}

/** Four words of 64 bits, as `SeedSequence(seed).generate_state(4, uint64)`. */
function seedWords(seed: number): bigint[] {
  const pool = seedPool(entropyOf(seed));
  const hash = hasher(0x8b51f9dd, 0x58f38ded);
  const words = Array.from({ length: 8 }, (_, i) => BigInt(hash(pool[i % pool.length])));
  return [0, 2, 4, 6].map((i) => words[i] | (words[i + 1] << 32n));
}

function entropyOf(seed: number): number[] {
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    throw new UsageError(`the seed is ${seed}; it must be a whole number from 0`);
  }
  return seed < 2 ** 32 ? [seed] : [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
}

const POOL_SIZE = 4;

function seedPool(entropy: readonly number[]): number[] {
  const hash = hasher(0x43b0d7e5, 0x931e8875);
  const pool = Array.from({ length: POOL_SIZE }, (_, i) => hash(entropy[i] ?? 0));
  for (let from = 0; from < POOL_SIZE; from++) {
    for (let to = 0; to < POOL_SIZE; to++) {
      if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
    }
  }
  return pool;
}

/** A hash of words of 32 bits whose constant changes with each use. */
function hasher(initial: number, multiplier: number): (value: number) => number {
  let constant = initial;
  return (value) => {
    const xored = value ^ constant;
    constant = Math.imul(constant, multiplier);
    return xorShift(Math.imul(xored, constant));
  };
}

function mix(x: number, y: number): number {
  return xorShift(Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y));
}

function xorShift(value: number): number {
  return (value ^ (value >>> 16)) >>> 0;
}
