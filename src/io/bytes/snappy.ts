import { DataError } from '../../base/errors.ts';
import { ByteCursor } from './byte-cursor.ts';

/** A copy makes at most 64 bytes of 3, so no block grows more than this. */
const MAX_EXPANSION = 22;

/** Decompresses one raw Snappy block (no framing). Throws a DataError, without a file, on any damage. */
export function decompressSnappy(block: Uint8Array): Uint8Array {
  const cursor = new ByteCursor(block);
  const length = cursor.uint();
  if (length > block.length * MAX_EXPANSION) {
    throw new DataError(`${block.length} compressed bytes cannot hold the announced ${length}`);
  }
  const out = new Uint8Array(length);
  let written = 0;
  while (!cursor.atEnd) {
    const tag = cursor.take(1)[0];
    if ((tag & 3) === 0) {
      const literal = cursor.take(literalLength(cursor, tag >>> 2));
      checkRoom(literal.length, length - written);
      out.set(literal, written);
      written += literal.length;
    } else {
      const [size, offset] = copyElement(cursor, tag);
      if (offset === 0 || offset > written)
        throw new DataError(`a copy reaches ${offset} bytes back from ${written}`);
      checkRoom(size, length - written);
      // Source and target may overlap: the copy then repeats its own output, so it must run forward bytewise.
      for (let i = 0; i < size; i++, written++) out[written] = out[written - offset];
    }
  }
  if (written !== length) throw new DataError(`the block holds ${written} bytes, ${length} are announced`);
  return out;
}

function literalLength(cursor: ByteCursor, code: number): number {
  return code < 60 ? code + 1 : littleEndian(cursor, code - 59) + 1;
}

/** Length and distance of a copy. */
function copyElement(cursor: ByteCursor, tag: number): [length: number, offset: number] {
  if ((tag & 3) === 1) return [4 + ((tag >>> 2) & 7), ((tag >>> 5) << 8) | littleEndian(cursor, 1)];
  return [1 + (tag >>> 2), littleEndian(cursor, (tag & 3) === 2 ? 2 : 4)];
}

function littleEndian(cursor: ByteCursor, bytes: number): number {
  return cursor.take(bytes).reduceRight((value, byte) => value * 256 + byte, 0);
}

function checkRoom(needed: number, left: number): void {
  if (needed > left) throw new DataError('the block holds more bytes than it announces');
}
