import type { Refuse } from './frame.ts';

/** A Huffman code as a file gives it (ITU T.81, B.2.4.2). */
export interface HuffmanCode {
  /** Number of codes of 1 to 16 bits, at 1 to 16. */
  readonly counts: Uint8Array;
  /** Symbols by rising code. */
  readonly symbols: Uint8Array;
  /** Where the code stands in the file, for messages. */
  readonly offset: number;
}

/** Bits that one look into the table resolves. */
export const LOOKAHEAD = 10;

/**
 * A Huffman code made ready for decoding.
 *
 * A symbol is a run of zeros (high four bits) and the number of magnitude bits that follow it (low four
 * bits). An entry of `lookup`, found by the next LOOKAHEAD bits, is one of
 *     value · 2^16 | size · 2^9 | run · 2^5 | bits   code and magnitude fit, in so many bits; value is not 0
 *                    size · 2^9 | run · 2^5 | bits   the code fits; size magnitude bits are still to be read
 *                                               0    the code is longer than LOOKAHEAD
 */
export interface HuffmanTable {
  readonly lookup: Int32Array;
  /** Largest code of each length, −1 where there is none; the 17th ends every search. */
  readonly largest: Int32Array;
  /** Index of the symbol of a code of each length, less the code. */
  readonly symbolOffset: Int32Array;
  readonly symbols: Uint8Array;
}

/** @throws {DataError} through `refuse` where the counts are no prefix code, or a DC symbol is above 15. */
export function buildHuffmanTable(code: HuffmanCode, kind: 'dc' | 'ac', refuse: Refuse): HuffmanTable {
  const { counts, symbols, offset } = code;
  const lookup = new Int32Array(1 << LOOKAHEAD);
  const largest = new Int32Array(18).fill(-1);
  const symbolOffset = new Int32Array(18);
  let next = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++, next <<= 1) {
    const count = counts[length];
    if (count === 0) continue;
    symbolOffset[length] = index - next;
    for (const end = index + count; index < end; index++, next++) {
      if (length <= LOOKAHEAD) fillEntries(lookup, next, length, symbols[index]);
    }
    largest[length] = next - 1;
    // No code may be all ones, so one more must still fit.
    if (next >= 1 << length) refuse(`a Huffman table has too many codes of ${length} bits`, offset);
  }
  largest[17] = 0xfffff;
  if (kind === 'dc' && symbols.subarray(0, index).some((symbol) => symbol > 15)) {
    refuse('a Huffman table for DC coefficients has a symbol above 15', offset);
  }
  return { lookup, largest, symbolOffset, symbols };
}

function fillEntries(lookup: Int32Array, code: number, length: number, symbol: number): void {
  const [run, size] = [symbol >> 4, symbol & 15];
  const free = LOOKAHEAD - length;
  const start = code << free;
  for (let rest = 0; rest < 1 << free; rest++) {
    const value = size > 0 && size <= free ? extend(rest >> (free - size), size) : 0;
    const bits = value !== 0 ? length + size : length;
    lookup[start + rest] = (value << 16) | (size << 9) | (run << 5) | bits;
  }
}

/** The number that `size` magnitude bits stand for (ITU T.81, figure F.12). */
export function extend(bits: number, size: number): number {
  return bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
}
