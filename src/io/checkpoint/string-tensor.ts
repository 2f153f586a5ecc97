import { DataError } from '../../base/errors.ts';
import { ByteBuilder } from '../bytes/byte-builder.ts';
import { ByteCursor } from '../bytes/byte-cursor.ts';
import { crc32c, maskCrc, unmaskCrc } from '../bytes/crc32c.ts';

/**
 * The stored form of a string tensor: a varint length for each string, a masked checksum of the lengths, and all
 * strings one after the other. `crc` covers the lengths as fixed-width numbers, not the bytes as stored.
 */
export interface StoredStrings {
  readonly bytes: Uint8Array;
  readonly crc: number;
}

export function encodeStrings(strings: readonly Uint8Array[]): StoredStrings {
  const lengths = strings.map((string) => string.length);
  const out = new ByteBuilder();
  for (const length of lengths) out.varint(length);
  const lengthsCrc = crcOfLengths(lengths);
  const checksum = new ByteBuilder().fixed32(maskCrc(lengthsCrc)).finish();
  out.bytes(checksum);
  let crc = crc32c(checksum, lengthsCrc);
  for (const string of strings) {
    crc = crc32c(string, crc);
    out.bytes(string);
  }
  return { bytes: out.finish(), crc };
}

/** The `count` strings of a stored string tensor, as views. `crc` undefined: checksums are not verified. */
export function decodeStrings(bytes: Uint8Array, count: number, crc: number | undefined): Uint8Array[] {
  // Some writers leave an empty tensor without its checksum of no lengths.
  if (count === 0 && bytes.length === 0) return [];
  if (count > bytes.length) throw new DataError(`${bytes.length} bytes cannot hold ${count} strings`);
  const cursor = new ByteCursor(bytes);
  const lengths = Array.from({ length: count }, () => cursor.uint());
  const checksum = cursor.take(4);
  const lengthsCrc = unmaskCrc(new ByteCursor(checksum).fixed32());
  if (crc !== undefined && crcOfLengths(lengths) !== lengthsCrc) {
    throw new DataError('the checksum of its string lengths does not fit: the file is damaged; get it again');
  }
  const content = bytes.subarray(cursor.position);
  const strings = lengths.map((length) => cursor.take(length));
  if (!cursor.atEnd) throw new DataError(`${bytes.length - cursor.position} bytes follow its last string`);
  if (crc !== undefined && crc32c(content, crc32c(checksum, lengthsCrc)) !== crc) {
    throw new DataError('its checksum does not fit: the file is damaged; get it again');
  }
  return strings;
}

/** Lengths enter the checksum in 4 bytes, or in 8 when they need more than 32 bits. */
function crcOfLengths(lengths: readonly number[]): number {
  const fixed = new ByteBuilder();
  for (const length of lengths) {
    fixed.fixed32(length % 2 ** 32);
    if (length >= 2 ** 32) fixed.fixed32(Math.floor(length / 2 ** 32));
  }
  return crc32c(fixed.finish());
}
