import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crcOf } from '../../../src/io/bytes/crc.ts';
import { startFolding } from '../../../src/io/bytes/crc-folding.ts';
import { crc32 } from '../../../src/io/bytes/crc32.ts';
import { crc32c, maskCrc, unmaskCrc } from '../../../src/io/bytes/crc32c.ts';
import fc from '../../support/fast-check.ts';
import { withoutWebAssembly } from '../../support/without-web-assembly.ts';

const CHECKSUMS = [
  { name: 'crc32c', polynomial: 0x82f63b78, checksum: crc32c, lags: [65, 155, 170, 195, 209] },
  { name: 'crc32', polynomial: 0xedb88320, checksum: crc32, lags: [17, 80, 118, 124, 203] },
] as const;

/** Long enough to be folded, at any offset, over one tile and several. */
const message = fc
  .record({
    seed: fc.integer(),
    length: fc.oneof(fc.integer({ min: 2 ** 15, max: 2 ** 15 + 200 }), fc.nat({ max: 150_000 })),
    offset: fc.nat({ max: 17 }),
  })
  .map(({ seed, length, offset }) => noise(seed, length + offset).subarray(offset));

test('crc32c: known values', () => {
  assert.equal(crc32c(new TextEncoder().encode('123456789')), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(new Uint8Array(0)), 0);
  assert.equal(maskCrc(0), 0xa282ead8);
});

test('crc32c: pieces at any alignment give the checksum of the whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), fc.nat(7), (bytes, cut, shift) => {
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      const whole = bitwise(0x82f63b78, bytes);
      const placed = moved.subarray(shift);
      assert.equal(crc32c(placed), whole);
      assert.equal(crc32c(placed.subarray(cut), crc32c(placed.subarray(0, cut))), whole);
      assert.equal(unmaskCrc(maskCrc(whole)), whole);
    }),
  );
});

for (const { name, polynomial, checksum, lags } of CHECKSUMS) {
  test(`${name} of long messages, whole and in two parts, is the bitwise one`, () => {
    fc.assert(
      fc.property(message, fc.double({ min: 0, max: 1, noNaN: true }), (bytes, share) => {
        const expected = bitwise(polynomial, bytes);
        const cut = Math.floor(bytes.length * share);
        assert.equal(checksum(bytes), expected);
        assert.equal(checksum(bytes.subarray(cut), checksum(bytes.subarray(0, cut))), expected);
      }),
      { numRuns: 40 },
    );
  });

  test(`${name} is the same without WebAssembly`, () => {
    const plain = withoutWebAssembly(() => {
      const started = crcOf(polynomial, lags);
      started(new Uint8Array(2 ** 16));
      return started;
    });
    fc.assert(
      fc.property(message, (bytes) => assert.equal(plain(bytes), checksum(bytes))),
      { numRuns: 20 },
    );
  });

  test(`the lags of ${name} are a multiple of its polynomial`, () => {
    // xⁿ + Σ xⁿ⁻ˡ leaves no remainder.
    const largest = Math.max(...lags);
    const remainder = [largest, ...lags.map((lag) => largest - lag)]
      .map((exponent) => powerOfX(polynomial, exponent))
      .reduce((sum, power) => sum ^ power, 0);
    assert.equal(remainder, 0);
  });
}

test('a fold leaves at most the largest lag and a step, whatever the message', () => {
  const fold = startFolding(CHECKSUMS[0].lags);
  assert.ok(fold, 'this runtime has WebAssembly');
  for (const length of [2 ** 15, 2 ** 17 + 3]) assert.ok(fold(noise(1, length), -1).length < 210 * 16 + 64);
  assert.throws(() => fold(new Uint8Array(209 * 16), -1), RangeError);
});

/** x to a power, modulo the polynomial; bits in reversed order. */
function powerOfX(polynomial: number, exponent: number): number {
  let power = 1 << 31;
  for (let i = 0; i < exponent; i++) power = power & 1 ? (power >>> 1) ^ polynomial : power >>> 1;
  return power;
}

function bitwise(polynomial: number, bytes: Uint8Array): number {
  let state = -1;
  for (const byte of bytes) {
    state ^= byte;
    for (let bit = 0; bit < 8; bit++) state = state & 1 ? (state >>> 1) ^ polynomial : state >>> 1;
  }
  return ~state >>> 0;
}

function noise(seed: number, length: number): Uint8Array {
  let state = seed | 1;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    return state >>> 24;
  });
}
