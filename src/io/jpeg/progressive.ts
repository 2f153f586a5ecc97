import type { HuffmanTable } from './huffman.ts';
import type { ScanReader } from './scan-reader.ts';
import { ZIGZAG } from './zigzag.ts';

/*
 * The four kinds of progressive scans (ITU T.81, G.1.2), a block each. `out` takes the 64 coefficients of a block by rows, from
 * `offset` on; `low` is the number of bits still left out after the scan.
 */

/** The high bits of a DC coefficient. */
export function decodeDcFirst(
  reader: ScanReader,
  place: number,
  table: HuffmanTable,
  low: number,
  out: Int16Array,
  offset: number,
): void {
  reader.predictions[place] += reader.magnitude(reader.symbol(table));
  out[offset] = reader.predictions[place] << low;
}

/** The next bit of a DC coefficient. */
export function refineDc(reader: ScanReader, low: number, out: Int16Array, offset: number): void {
  if (reader.take(1) === 1) out[offset] |= 1 << low;
}

/** The high bits of a band of AC coefficients, from number `start` to `end`. */
export function decodeAcFirst(
  reader: ScanReader,
  table: HuffmanTable,
  start: number,
  end: number,
  low: number,
  out: Int16Array,
  offset: number,
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
      out[offset + ZIGZAG[k]] = reader.magnitude(size) << low;
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
  out: Int16Array,
  offset: number,
): void {
  const bit = 1 << low;
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
        const at = offset + ZIGZAG[k];
        if (out[at] !== 0) refineCoefficient(reader, bit, out, at);
        else if (--run < 0) break;
      }
      if (fresh !== 0) out[offset + ZIGZAG[k]] = fresh;
    }
  }
  if (reader.endOfBandRun > 0) {
    for (; k <= end; k++) {
      const at = offset + ZIGZAG[k];
      if (out[at] !== 0) refineCoefficient(reader, bit, out, at);
    }
    reader.endOfBandRun--;
  }
}

function refineCoefficient(reader: ScanReader, bit: number, out: Int16Array, at: number): void {
  if (reader.take(1) === 1 && (out[at] & bit) === 0) out[at] += out[at] >= 0 ? bit : -bit;
}
