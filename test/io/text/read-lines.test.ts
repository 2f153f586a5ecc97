import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ByteFile } from '../../../src/io/bytes/byte-file.ts';
import { ByteSource } from '../../../src/io/bytes/byte-source.ts';
import { zlibInflate } from '../../../src/io/files/zlib-inflate.ts';
import { readLines } from '../../../src/io/text/read-lines.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';

const text = fc.string({ unit: fc.oneof(fc.constantFrom('\n', '\r', ' ', 'ü', '𝄞'), fc.string()) });

test('lines are what stands between line feeds, wherever the bytes are cut', () =>
  holds(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), fc.boolean(), async (given, size, isPacked) => {
      const wellFormed = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
        new TextEncoder().encode(given),
      );
      const plain = new TextEncoder().encode(wellFormed);
      const file = inPieces(isPacked ? new Uint8Array(gzipSync(plain)) : plain, size);
      const lines: string[] = [];
      for await (const line of readLines(file, zlibInflate)) lines.push(line);
      const expected = wellFormed.split('\n');
      if (expected.at(-1) === '') expected.pop();
      assert.deepEqual(lines, expected);
    }),
    200,
  ));

/** A file that gives few bytes at a time. */
function inPieces(bytes: Uint8Array, size: number): ByteFile {
  return {
    name: 'text',
    open: async () =>
      new ByteSource('text', {
        size: bytes.length,
        async readInto(position, target) {
          const read = bytes.subarray(position, position + target.length);
          target.set(read);
          return read.length;
        },
        async *stream() {
          for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
        },
        async close() {},
      }),
  };
}
