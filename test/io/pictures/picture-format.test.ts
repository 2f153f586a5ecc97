import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignFormat } from '../../../src/io/pictures/picture-format.ts';
import { prepare } from '../../../src/io/pictures/prepare.ts';
import { makeJpeg } from './made-pictures.ts';

/** As programs write them: bytes as hexadecimal, texts between bars. */
const BEGINNINGS: readonly (readonly [format: string, beginning: string])[] = [
  ['PNG', '89|PNG|0d0a1a0a0000000d|IHDR|00000001'],
  ['GIF', '|GIF89a|01000100'],
  ['GIF', '|GIF87a|01000100'],
  ['WebP', '|RIFF|24000000|WEBPVP8 |18000000'],
  ['BMP', '|BM|46000000000000003600000028000000'],
  ['TIFF', '|II|2a0008000000'],
  ['TIFF', '|MM|002a00000008'],
  ['TIFF', '|II|2b0008000000'],
  ['AVIF', '00000020|ftypavif|00000000|avifmif1'],
  ['AVIF', '0000001c|ftypmif1|00000000|mif1avif'],
  ['HEIC', '00000018|ftypheic|00000000|mif1heic'],
  ['HEIC', '0000001c|ftypmif1|00000000|mif1heic'],
];

for (const [format, beginning] of BEGINNINGS) {
  test(`${beginning} is ${format}, and no more is read of it`, () => {
    const bytes = bytesOf(beginning);
    assert.equal(foreignFormat(bytes), format);
    const picture = new Uint8Array(500);
    picture.set(bytes);
    assert.deepEqual(prepare(picture), { reason: `${format}; only JPEG is read` });
  });
}

test('a JPEG, a TFRecord and nothing at all have none of the marks', () => {
  for (const bytes of [makeJpeg(1), Uint8Array.of(0x40, 1, 0, 0, 0, 0, 0, 0), new Uint8Array(0)]) {
    assert.equal(foreignFormat(bytes), undefined);
  }
});

function bytesOf(beginning: string): Uint8Array {
  const parts = beginning.split('|').map((part, i) => Buffer.from(part, i % 2 === 0 ? 'hex' : 'latin1'));
  return new Uint8Array(Buffer.concat(parts));
}
