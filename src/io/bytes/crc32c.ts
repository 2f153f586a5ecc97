import { crcOf } from './crc.ts';

const MASK_DELTA = 0xa282ead8;

/**
 * CRC-32C (Castagnoli) of `bytes`, continued from the finished value `crc` of the bytes before them.
 * @returns an unsigned 32-bit number; the checksum of nothing is 0.
 */
export const crc32c = crcOf(0x82f63b78, [65, 155, 170, 195, 209]);

/** A checksum in hexadecimal, of eight digits. */
export function hexadecimalCrc(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}

/** TensorFlow stores checksums rotated and offset, so that a checksum of checksums keeps its strength. */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/** The checksum behind a stored (masked) one. */
export function unmaskCrc(masked: number): number {
  const rotated = (masked - MASK_DELTA) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}
