import { buildHuffmanTable, type HuffmanTable } from './huffman.ts';
import type { JpegReader } from './markers.ts';
import { STANDARD_CODES } from './standard-codes.ts';

/**
 * The Huffman table of a number, ready for decoding. Where a file does not define table 0 or 1, a sequential
 * scan takes the ones of ITU T.81, annex K: the frames of Motion JPEG leave them out.
 */
export function tableOf(reader: JpegReader, kind: 'dc' | 'ac', number: number): HuffmanTable {
  const codes = kind === 'dc' ? reader.dcCodes : reader.acCodes;
  const standard = reader.frame.progressive ? undefined : STANDARD_CODES[kind][number];
  const code = codes[number] ?? standard;
  if (code === undefined) return reader.refuse(`${kind.toUpperCase()} Huffman table ${number} is missing`);
  return buildHuffmanTable(code, kind, reader.refuse);
}
