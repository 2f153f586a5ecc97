import { DataError } from '../../base/errors.ts';

/** Reads little-endian numbers and varints from bytes in memory. Every read past the end is a DataError. */
export class ByteCursor {
  readonly bytes: Uint8Array;
  position: number;
  /** First byte that is not to be read any more. */
  readonly end: number;
  /** The last varint, as two unsigned 32-bit halves: BigInt is too slow for millions of them. */
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  /** An unsigned varint that must be below 2^53: a size, a count, an offset. */
  uint(): number {
    this.#varint();
    const value = this.#high * 2 ** 32 + this.#low;
    if (!Number.isSafeInteger(value)) throw new DataError('a number is above 2^53, which no real file needs');
    return value;
  }

  /** A varint read as a two's complement int64 that must be within ±2^53. */
  int(): number {
    this.#varint();
    const value = (this.#high | 0) * 2 ** 32 + this.#low;
    if (!Number.isSafeInteger(value))
      throw new DataError('a number is beyond ±2^53, which no real file needs');
    return value;
  }

  /** A varint cut to its low 32 bits, signed: what protobuf's int32 and bool are. */
  int32(): number {
    this.#varint();
    return this.#low | 0;
  }

  uint64(): bigint {
    this.#varint();
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  fixed32(): number {
    const at = this.position;
    this.skip(4);
    const b = this.bytes;
    return (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) >>> 0;
  }

  /** The next bytes, as a view. */
  take(length: number): Uint8Array {
    const at = this.position;
    this.skip(length);
    return this.bytes.subarray(at, at + length);
  }

  skip(length: number): void {
    if (length > this.end - this.position) {
      throw new DataError(`${length} bytes are announced, ${this.end - this.position} are left`);
    }
    this.position += length;
  }

  #varint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.atEnd) throw new DataError('a number is cut off');
      const byte = this.bytes[this.position++];
      const group = byte & 127;
      if (shift < 32) low |= group << shift;
      if (shift === 28) high = group >>> 4;
      else if (shift > 28) high |= group << (shift - 32);
      if (byte < 128) {
        if (shift === 63 && group > 1) break;
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw new DataError('a number has more than 64 bits');
  }
}
