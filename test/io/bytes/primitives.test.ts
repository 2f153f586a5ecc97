import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError } from '../../../src/base/errors.ts';
import { ByteBuilder } from '../../../src/io/bytes/byte-builder.ts';
import { ByteCursor } from '../../../src/io/bytes/byte-cursor.ts';
import { encodeSignedNumIncreasing, encodeTensorNameSlice } from '../../../src/io/bytes/ordered-code.ts';
import { ProtoReader, ProtoWriter } from '../../../src/io/bytes/protobuf.ts';
import { decompressSnappy } from '../../../src/io/bytes/snappy.ts';
import { decodeName, encodeName } from '../../../src/io/checkpoint/names.ts';
import { compareBytes, fromHex, hex } from '../../support/bytes.ts';
import fc from '../../support/fast-check.ts';
import { compressSnappy } from './snappy-writer.ts';

const utf8 = new TextEncoder();

test('varint: known bytes, round trips, and refusals', () => {
  assert.equal(hex(new ByteBuilder().varint(300).finish()), 'ac02');
  assert.equal(hex(new ByteBuilder().varint(-1).finish()), 'ffffffffffffffffff01');
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.maxSafeInteger(), (wide, safe) => {
      const bytes = new ByteBuilder().varint(wide).varint(safe).varint(Math.abs(safe)).finish();
      const cursor = new ByteCursor(bytes);
      assert.equal(cursor.uint64(), wide);
      assert.equal(cursor.int(), safe);
      assert.equal(cursor.uint(), Math.abs(safe));
      assert.ok(cursor.atEnd);
    }),
  );
  const read = (...bytes: number[]) => new ByteCursor(Uint8Array.from(bytes)).uint();
  assert.throws(() => read(0x80), DataError);
  assert.throws(() => read(255, 255, 255, 255, 255, 255, 255, 255, 255, 2), DataError);
  assert.throws(() => read(255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1), DataError);
  assert.throws(() => read(255, 255, 255, 255, 255, 255, 255, 255, 1), DataError);
});

test('protobuf: packed and plain repeats mix, unknown fields are passed over, the last scalar wins', () => {
  const packed = new ByteBuilder().varint(2).varint(3).finish();
  const message = new ProtoWriter()
    .int(1, 7)
    .int(2, 1)
    .bytes(2, packed)
    .int(2, 4)
    .fixed32(9, 5)
    .bytes(8, utf8.encode('?'))
    .int(1, -8)
    .finish();
  const reader = new ProtoReader(message);
  let scalar = 0;
  const repeated: number[] = [];
  while (reader.next()) {
    if (reader.field === 1) scalar = reader.int();
    else if (reader.field === 2) reader.varints((cursor) => repeated.push(cursor.uint()));
  }
  assert.equal(scalar, -8);
  assert.deepEqual(repeated, [1, 2, 3, 4]);
});

test('protobuf: groups, wrong wire types and cut messages are DataErrors', () => {
  const walk = (bytes: number[]) => {
    const reader = new ProtoReader(Uint8Array.from(bytes));
    while (reader.next());
  };
  assert.throws(() => walk([0x0b]), DataError);
  assert.throws(() => walk([0x0a, 5, 1]), DataError);
  assert.throws(() => walk([0x00, 1]), DataError);
  const reader = new ProtoReader(Uint8Array.of(0x08, 1));
  reader.next();
  assert.throws(() => reader.bytes(), DataError);
});

test('snappy: each kind of element', () => {
  const unpack = (text: string) => new TextDecoder().decode(decompressSnappy(fromHex(text)));
  assert.equal(unpack('0308616263'), 'abc');
  assert.equal(unpack('08046162' + '0902'), 'abababab');
  assert.equal(unpack('08046162' + '160200'), 'abababab');
  assert.equal(unpack('08046162' + '1702000000'), 'abababab');
  assert.equal(unpack(`41f040${'61'.repeat(65)}`), 'a'.repeat(65));
});

test('snappy: round trips, and no damage gives anything but a DataError or bytes', () => {
  const compressible = fc
    .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 8 })), {
      maxLength: 12,
    })
    .map((runs) =>
      Uint8Array.from(runs.flatMap(([run, times]) => Array.from({ length: times }, () => [...run]).flat())),
    );
  fc.assert(
    fc.property(compressible, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, flip) => {
      const packed = compressSnappy(bytes);
      assert.equal(hex(decompressSnappy(packed)), hex(bytes));
      packed[at % packed.length] ^= flip;
      try {
        decompressSnappy(packed);
      } catch (error) {
        assert.ok(error instanceof DataError);
      }
    }),
  );
});

test('ordered code: known bytes', () => {
  const signed = (value: number) => {
    const out = new ByteBuilder();
    encodeSignedNumIncreasing(out, value);
    return hex(out.finish());
  };
  const vectors: [number, string][] = [
    [0, '80'],
    [1, '81'],
    [-1, '7f'],
    [63, 'bf'],
    [64, 'c040'],
    [0x424242, 'f0424242'],
    [-0x800, '3800'],
  ];
  for (const [value, bytes] of vectors) assert.equal(signed(value), bytes);
  const grid = [
    { start: 0, length: 3 },
    { start: 2, length: 2 },
  ];
  assert.equal(
    hex(encodeTensorNameSlice(utf8.encode('grid'), grid)),
    `00${hex(utf8.encode('grid'))}0001010280838282`,
  );
});

test('ordered code: keys sort as the numbers and names do', () => {
  const key = (name: Uint8Array, start: number) => encodeTensorNameSlice(name, [{ start, length: -1 }]);
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => {
      const name = utf8.encode('w');
      assert.equal(Math.sign(compareBytes(key(name, a), key(name, b))), Math.sign(a - b));
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 8 }), (a, b) => {
      assert.equal(Math.sign(compareBytes(key(a, 0), key(b, 0))), Math.sign(compareBytes(a, b)));
    }),
  );
});

test('names: any bytes survive, text is text', () => {
  assert.equal(decodeName(utf8.encode('näme/日本\u{1f600}')), 'näme/日本\u{1f600}');
  assert.equal(decodeName(Uint8Array.of(0x61, 0xff, 0xc3, 0xa9, 0xe6)), 'a\udcffé\udce6');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      assert.equal(hex(encodeName(decodeName(bytes))), hex(bytes));
    }),
  );
});
