import type { HuffmanTable } from './huffman.ts';
import type { ScanReader } from './scan-reader.ts';
import { ZIGZAG } from './zigzag.ts';

/** Coefficients of many blocks. */
export interface Blocks {
  /** 64 of each block, by rows. */
  readonly values: Int16Array;
  /** Number of the last coefficient of each block, in the order of the file, that may be other than zero. */
  readonly last: Uint8Array;
}

/*
 * The four kinds of progressive scans (ITU T.81, G.1.2), a block each. `low` is the number of bits still left
 * out after the scan.
 */

/** The high bits of a DC coefficient. */
export function decodeDcFirst(
  reader: ScanReader,
  place: number,
  table: HuffmanTable,
  low: number,
  { values }: Blocks,
  block: number,
): void {
  reader.predictions[place] += reader.magnitude(reader.symbol(table));
  values[64 * block] = reader.predictions[place] << low;
}

/** The next bit of a DC coefficient. */
export function refineDc(reader: ScanReader, low: number, { values }: Blocks, block: number): void {
  if (reader.take(1) === 1) values[64 * block] |= 1 << low;
}

/** The high bits of a band of AC coefficients, from number `start` to `end`. */
export function decodeAcFirst(
  reader: ScanReader,
  table: HuffmanTable,
  start: number,
  end: number,
  low: number,
  { values, last }: Blocks,
  block: number,
): void {
  if (reader.endOfBandRun > 0) {
    reader.endOfBandRun--;
    return;
  }
  for (let k = start; k <= end; k++) {
    const symbol = reader.symbol(table);
    const run = symbol >> 4;
    const size = symbol & 15;
    if (size !== 0) {
      k += run;
      values[64 * block + PLACES[k]] = reader.magnitude(size) << low;
      last[block] = Math.max(last[block], Math.min(63, k));
    } else if (run === 15) {
      k += 15;
    } else {
      reader.endOfBandRun = (1 << run) + reader.take(run) - 1;
      return;
    }
  }
}

/** The next bit of a band of AC coefficients, and those that become non-zero by it. */
export function refineAc(
  reader: ScanReader,
  table: HuffmanTable,
  start: number,
  end: number,
  low: number,
  { values, last }: Blocks,
  block: number,
): void {
  const bit = 1 << low;
  const offset = 64 * block;
  let k = start;
  if (reader.endOfBandRun === 0) {
    for (; k <= end; k++) {
      const symbol = reader.symbol(table);
      let run = symbol >> 4;
      let fresh = 0;
      if ((symbol & 15) !== 0) {
        fresh = reader.take(1) === 1 ? bit : -bit;
      } else if (run !== 15) {
        reader.endOfBandRun = (1 << run) + reader.take(run);
        break;
      }
      for (; k <= end; k++) {
        const at = offset + PLACES[k];
        if (values[at] !== 0) refineCoefficient(reader, bit, values, at);
        else if (--run < 0) break;
      }
      if (fresh !== 0) {
        values[offset + PLACES[k]] = fresh;
        last[block] = Math.max(last[block], Math.min(63, k));
      }
    }
  }
  if (reader.endOfBandRun > 0) {
    for (const stop = Math.min(end, last[block]); k <= stop; k++) {
      const at = offset + PLACES[k];
      if (values[at] !== 0) refineCoefficient(reader, bit, values, at);
    }
    reader.endOfBandRun--;
  }
}

function refineCoefficient(reader: ScanReader, bit: number, values: Int16Array, at: number): void {
  if (reader.take(1) === 1 && (values[at] & bit) === 0) values[at] += values[at] >= 0 ? bit : -bit;
}

/** A constant of this module: engines fold it, which they do not with an import. */
const PLACES = ZIGZAG;
