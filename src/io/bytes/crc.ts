import { type Folding, startFolding } from './crc-folding.ts';

/** Messages from here on are folded first; the tables are as quick for shorter ones. */
const FOLDED_BYTES = 2 ** 15;
/** Bytes folded in one step of the main loop: one table of 256 words for each. */
const STRIDE = 16;
const STRIDE_WORDS = STRIDE / 4;

/**
 * A checksum of `bytes`, continued from the finished value `crc` of the bytes before them; of nothing it is
 * 0.
 */
export type Checksum = (bytes: Uint8Array, crc?: number) => number;

/**
 * The 32-bit cyclic redundancy check of a polynomial, whose bits are given in reversed order.
 * @param lags those of a sparse multiple of it, see `startFolding`; the last below 512.
 */
export function crcOf(polynomial: number, lags: readonly number[]): Checksum {
  const tables = makeTables(polynomial);
  let folding: Folding | undefined | 'not started' = 'not started';
  return (bytes, crc = 0) => {
    if (bytes.length < FOLDED_BYTES) return ~readBytes(tables, ~crc, bytes) >>> 0;
    if (folding === 'not started') folding = startFolding(lags);
    const register = folding ? readBytes(tables, 0, folding(bytes, ~crc)) : readBytes(tables, ~crc, bytes);
    return ~register >>> 0;
  };
}

function readBytes(tables: Int32Array, register: number, bytes: Uint8Array): number {
  let state = register;
  let position = 0;
  // The main loop reads aligned words; the bytes before the first aligned one go one at a time.
  const head = Math.min(bytes.length, -bytes.byteOffset & 3);
  while (position < head) state = tables[(state ^ bytes[position++]) & 255] ^ (state >>> 8);

  const words = STRIDE_WORDS * Math.floor((bytes.length - position) / STRIDE);
  if (words > 0) {
    state = readWords(tables, state, new Int32Array(bytes.buffer, bytes.byteOffset + position, words));
    position += 4 * words;
  }
  while (position < bytes.length) state = tables[(state ^ bytes[position++]) & 255] ^ (state >>> 8);
  return state;
}

function readWords(t: Int32Array, start: number, words: Int32Array): number {
  let state = start;
  for (let i = 0; i < words.length; i += STRIDE_WORDS) {
    const a = state ^ words[i];
    const b = words[i + 1];
    const c = words[i + 2];
    const d = words[i + 3];
    state =
      t[3840 + (a & 255)] ^
      t[3584 + ((a >>> 8) & 255)] ^
      t[3328 + ((a >>> 16) & 255)] ^
      t[3072 + (a >>> 24)] ^
      t[2816 + (b & 255)] ^
      t[2560 + ((b >>> 8) & 255)] ^
      t[2304 + ((b >>> 16) & 255)] ^
      t[2048 + (b >>> 24)] ^
      t[1792 + (c & 255)] ^
      t[1536 + ((c >>> 8) & 255)] ^
      t[1280 + ((c >>> 16) & 255)] ^
      t[1024 + (c >>> 24)] ^
      t[768 + (d & 255)] ^
      t[512 + ((d >>> 8) & 255)] ^
      t[256 + ((d >>> 16) & 255)] ^
      t[d >>> 24];
  }
  return state;
}

/** Table k holds, for each byte value, its checksum state after k more zero bytes. */
function makeTables(polynomial: number): Int32Array {
  const tables = new Int32Array(STRIDE * 256);
  for (let byte = 0; byte < 256; byte++) {
    let state = byte;
    for (let bit = 0; bit < 8; bit++) state = state & 1 ? (state >>> 1) ^ polynomial : state >>> 1;
    tables[byte] = state;
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256];
    tables[i] = (before >>> 8) ^ tables[before & 255];
  }
  return tables;
}
