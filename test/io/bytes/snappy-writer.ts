import { ByteBuilder } from '../../../src/io/bytes/byte-builder.ts';

/** A plain Snappy compressor that makes literals and all three kinds of copies: the reader's counterpart in tests. */
export function compressSnappy(bytes: Uint8Array): Uint8Array {
  const out = new ByteBuilder().varint(bytes.length);
  const lastSeen = new Map<string, number>();
  let literalStart = 0;
  for (let at = 0; at < bytes.length; ) {
    const key = bytes.subarray(at, at + 4).join();
    const match = at + 4 <= bytes.length ? lastSeen.get(key) : undefined;
    lastSeen.set(key, at);
    if (match === undefined) {
      at++;
      continue;
    }
    let length = 4;
    while (length < 64 && at + length < bytes.length && bytes[match + length] === bytes[at + length])
      length++;
    writeLiteral(out, bytes.subarray(literalStart, at));
    writeCopy(out, at - match, length);
    at += length;
    literalStart = at;
  }
  writeLiteral(out, bytes.subarray(literalStart));
  return out.finish();
}

function writeLiteral(out: ByteBuilder, literal: Uint8Array): void {
  if (literal.length === 0) return;
  const last = literal.length - 1;
  if (last < 60) out.byte(last << 2);
  else if (last < 256) out.byte(60 << 2).byte(last);
  else
    out
      .byte(61 << 2)
      .byte(last & 255)
      .byte(last >> 8);
  out.bytes(literal);
}

function writeCopy(out: ByteBuilder, offset: number, length: number): void {
  if (length < 12 && offset < 2048)
    out.byte(1 | ((length - 4) << 2) | ((offset >> 8) << 5)).byte(offset & 255);
  else if (length % 2 === 0)
    out
      .byte(2 | ((length - 1) << 2))
      .byte(offset & 255)
      .byte(offset >> 8);
  else out.byte(3 | ((length - 1) << 2)).fixed32(offset);
}
