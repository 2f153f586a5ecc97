import { extend, type HuffmanTable, LOOKAHEAD } from './huffman.ts';
import { BUFFER, COUNT, longSymbol, POSITION, type ScanReader } from './scan-reader.ts';
import { ZIGZAG } from './zigzag.ts';

/**
 * Decodes one block of a sequential scan (ITU T.81, F.2.2) into zeros: only coefficients that are in the data
 * are written.
 * @param place of the component in the scan.
 * @param factors what the coefficients are multiplied by, in the order of the file.
 * @param out takes the coefficients by rows, from `offset` on.
 * @returns whether no coefficient but DC was written.
 */
export function decodeBlock(
  reader: ScanReader,
  place: number,
  dc: HuffmanTable,
  ac: HuffmanTable,
  factors: Int32Array,
  out: Int16Array,
  offset: number,
): boolean {
  if (reader.readAhead !== undefined) {
    return decodeLastBlocks(reader, place, dc, ac, factors, out, offset);
  }
  // The hot loop of the decoder: ScanReader.symbol and .magnitude, with the bit buffer in local variables.
  const { data, bits, predictions } = reader;
  const { lookup } = ac;
  const size = reader.symbol(dc);
  predictions[place] += reader.magnitude(size);
  out[offset] = predictions[place] * factors[0];

  let buffer = bits[BUFFER];
  let count = bits[COUNT];
  let position = bits[POSITION];
  let flat = true;
  for (let k = 1; k < 64; k++) {
    if (count <= 16) {
      buffer = (buffer << 16) | (data[position] << 8) | data[position + 1];
      position += 2;
      count += 16;
    }
    const entry = lookup[(buffer >> (count - LOOKAHEAD)) & LOOKAHEAD_MASK];
    let value = entry >> 16;
    if (value !== 0) {
      count -= entry & 31;
      k += (entry >> 5) & 15;
    } else {
      let run: number;
      let size: number;
      if (entry !== 0) {
        count -= entry & 31;
        run = (entry >> 5) & 15;
        size = (entry >> 9) & 15;
      } else {
        bits[BUFFER] = buffer;
        bits[COUNT] = count;
        const symbol = longSymbol(bits, ac);
        count = bits[COUNT];
        run = symbol >> 4;
        size = symbol & 15;
      }
      k += run;
      if (size === 0) {
        if (run === 15) continue;
        break;
      }
      if (count <= 16) {
        buffer = (buffer << 16) | (data[position] << 8) | data[position + 1];
        position += 2;
        count += 16;
      }
      count -= size;
      value = extend((buffer >> count) & ((1 << size) - 1), size);
    }
    out[offset + PLACES[k]] = value * factors[k];
    flat = false;
  }
  bits[BUFFER] = buffer;
  bits[COUNT] = count;
  bits[POSITION] = position;
  return flat;
}

/** The same, slowly: ScanReader sees every bit that is taken. */
function decodeLastBlocks(
  reader: ScanReader,
  place: number,
  dc: HuffmanTable,
  ac: HuffmanTable,
  factors: Int32Array,
  out: Int16Array,
  offset: number,
): boolean {
  reader.predictions[place] += reader.magnitude(reader.symbol(dc));
  out[offset] = reader.predictions[place] * factors[0];
  let flat = true;
  for (let k = 1; k < 64; k++) {
    const symbol = reader.symbol(ac);
    const [run, size] = [symbol >> 4, symbol & 15];
    k += run;
    if (size === 0) {
      if (run === 15) continue;
      break;
    }
    out[offset + PLACES[k]] = reader.magnitude(size) * factors[k];
    flat = false;
  }
  return flat;
}

const LOOKAHEAD_MASK = (1 << LOOKAHEAD) - 1;
/** A constant of this module: engines fold it, which they do not with an import. */
const PLACES = ZIGZAG;
