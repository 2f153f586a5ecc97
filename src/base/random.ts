import { valueText } from './check-arguments.ts';
import { UsageError } from './errors.ts';

/**
 * Names a stream of random numbers: two words of 32 bits. A key is the whole state; whoever holds it draws the same numbers
 * again, at any position, in any order, on the CPU and on a device (src/wgsl/random.ts).
 */
export type RandomKey = readonly [low: number, high: number];

/** 2⁻²⁴: uniform numbers have 24 bits, so that a float32 holds each exactly. */
export const UNIFORM_STEP = 2 ** -24;

/** The third word of a counter: tells what is drawn for use from what becomes a key. */
const DRAWS = 0;
const KEYS = 1;

/**
 * A key from a seed.
 * @param seed a whole number from 0 to 2⁵³ − 1
 * @throws {UsageError} for any other seed.
 */
export function randomKey(seed: number): RandomKey {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UsageError(`random seed ${seed}: must be a whole number from 0 to 2^53 - 1`);
  }
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

/** Whether something is a key. */
export function isRandomKey(value: unknown): value is RandomKey {
  return Array.isArray(value) && value.length === 2 && value.every(isWord);
}

/** @throws {UsageError} for what is no key. */
function checkKey(key: RandomKey): void {
  if (!isRandomKey(key)) {
    throw new UsageError(`key is ${valueText(key)}, expected one such as randomKey(seed)`);
  }
}

/**
 * A key of its own for every whole number `purpose` (a layer, a training step), as good as independent of the key it comes
 * from and of the others.
 */
export function derivedKey(key: RandomKey, purpose: number): RandomKey {
  checkKey(key);
  const [low, high] = philox(key, [word(purpose, 'purpose'), 0, KEYS, 0]);
  return [low, high];
}

/**
 * Uniform numbers in [0, 1), multiples of 2⁻²⁴. Number `i` is word `i mod 4` of Philox block `⌊i / 4⌋`.
 * @param stream one of 2³² independent streams of the key
 * @throws {UsageError} for what is no key, and where count or stream is no whole number.
 */
export function uniforms(key: RandomKey, count: number, stream = 0): Float64Array {
  checkKey(key);
  const values = blocksFor(count, stream);
  fillUniforms(values, key, 0, stream);
  return values.subarray(0, count);
}

/**
 * Fills an array with the uniform numbers of a stream from number `4 · firstBlock` on.
 * @throws {UsageError} where the block or the stream is no whole number below 2³².
 */
export function fillUniforms(
  values: Float32Array | Float64Array,
  key: RandomKey,
  firstBlock: number,
  stream = 0,
): void {
  const counter: Counter = [word(firstBlock, 'block'), 0, DRAWS, word(stream, 'stream')];
  const words = new Uint32Array(4);
  for (let i = 0; i < values.length; i++) {
    if (i % 4 === 0) {
      drawBlock(words, key, counter);
      counter[0]++;
    }
    values[i] = uniform(words[i % 4]);
  }
}

/**
 * Numbers of the standard normal distribution, by Box and Muller (1958): each pair of words gives
 * `√(−2 ln u) · (cos 2πv, sin 2πv)` with u in (0, 1], v in [0, 1). None lies beyond ±5.77.
 * @param stream one of 2³² independent streams of the key; the same numbers underlie `uniforms` of that stream
 * @throws {UsageError} for what is no key, and where count or stream is no whole number.
 */
export function normals(key: RandomKey, count: number, stream = 0): Float64Array {
  checkKey(key);
  const values = blocksFor(count, stream);
  fillNormals(values, key, stream);
  return values.subarray(0, count);
}

/** Fills an array with the first normal numbers of a stream. @throws {UsageError} where the stream is no whole number below 2³². */
export function fillNormals(values: Float32Array | Float64Array, key: RandomKey, stream = 0): void {
  const counter: Counter = [0, 0, DRAWS, word(stream, 'stream')];
  const words = new Uint32Array(4);
  for (let i = 0; i < values.length; i += 2) {
    if (i % 4 === 0) {
      drawBlock(words, key, counter);
      counter[0]++;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform(words[i % 4]) + UNIFORM_STEP));
    const angle = 2 * Math.PI * uniform(words[(i % 4) + 1]);
    values[i] = radius * Math.cos(angle);
    // Beyond the end of an array of odd length there is nothing to set.
    values[i + 1] = radius * Math.sin(angle);
  }
}

/**
 * Philox-4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four random words
 * from a counter of four words and a key.
 */
export function philox(
  key: RandomKey,
  counter: readonly [number, number, number, number],
): [number, number, number, number] {
  const words = new Uint32Array(4);
  drawBlock(words, key, counter);
  return [words[0], words[1], words[2], words[3]];
}

type Counter = [number, number, number, number];

/** `philox` into an array: a loop over millions of blocks must not allocate. */
function drawBlock(words: Uint32Array, key: RandomKey, counter: Readonly<Counter>): void {
  let [k0, k1] = key;
  let [c0, c1, c2, c3] = counter;
  for (let round = 0; round < 10; round++) {
    const left = highProduct(0xd2511f53, c0) ^ c3 ^ k1;
    const right = highProduct(0xcd9e8d57, c2) ^ c1 ^ k0;
    c3 = Math.imul(0xd2511f53, c0);
    c1 = Math.imul(0xcd9e8d57, c2);
    c0 = right;
    c2 = left;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/** Upper 32 bits of a product of two 32-bit words. */
function highProduct(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + (Math.imul(aLow, bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) | 0;
}

/** Room for so many numbers, in whole blocks. @throws {UsageError} where count or stream is no whole number. */
function blocksFor(count: number, stream: number): Float64Array {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new UsageError(`${count} random numbers: the count must be a whole number`);
  }
  checkStream(stream);
  return new Float64Array(Math.ceil(count / 4) * 4);
}

/** @throws {UsageError} where a stream is no whole number below 2³². */
export function checkStream(stream: number): void {
  word(stream, 'stream');
}

function uniform(bits: number): number {
  return (bits >>> 8) * UNIFORM_STEP;
}

function isWord(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
}

function word(value: number, what: string): number {
  if (!isWord(value)) {
    throw new UsageError(`random ${what} ${value}: must be a whole number below 2^32`);
  }
  return value;
}
