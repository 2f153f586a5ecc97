import { ByteBuilder } from './byte-builder.ts';

/** A part of a tensor along one dimension. `length` -1: the whole dimension. */
export interface Extent {
  readonly start: number;
  readonly length: number;
}

/**
 * The table key of one part of a partitioned variable (TensorFlow's EncodeTensorNameSlice): OrderedCode, whose
 * bytes sort as the values do. Starts with byte 0, which keeps parts apart from plain names.
 */
export function encodeTensorNameSlice(name: Uint8Array, slice: readonly Extent[]): Uint8Array {
  const out = new ByteBuilder();
  encodeNumIncreasing(out, 0);
  encodeString(out, name);
  encodeNumIncreasing(out, slice.length);
  for (const { start, length } of slice) {
    encodeSignedNumIncreasing(out, start);
    encodeSignedNumIncreasing(out, length);
  }
  return out.finish();
}

/** Number of significant bytes, then those bytes, most significant first. */
function encodeNumIncreasing(out: ByteBuilder, value: number): void {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  out.byte(bytes.length).bytes(Uint8Array.from(bytes));
}

/** 00 and ff are escaped so that the terminator 00 01 sorts before every continuation. */
function encodeString(out: ByteBuilder, bytes: Uint8Array): void {
  for (const byte of bytes) {
    out.byte(byte);
    if (byte === 0x00) out.byte(0xff);
    else if (byte === 0xff) out.byte(0x00);
  }
  out.byte(0x00).byte(0x01);
}

/** Big-endian two's complement in n bytes with the top n bits inverted: their run tells the length and the sign. */
export function encodeSignedNumIncreasing(out: ByteBuilder, value: number): void {
  const wide = BigInt(value);
  const magnitude = wide < 0n ? ~wide : wide;
  let length = 1;
  while (magnitude >> BigInt(7 * length - 1) !== 0n) length++;
  const header = ((1n << BigInt(length)) - 1n) << BigInt(7 * length);
  const bits = BigInt.asUintN(8 * length, wide) ^ header;
  for (let i = length - 1; i >= 0; i--) out.byte(Number((bits >> BigInt(8 * i)) & 255n));
}
