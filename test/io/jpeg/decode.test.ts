import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DataError, UsageError } from '../../../src/base/errors.ts';
import { decodeJpeg, readJpegHeader } from '../../../src/io/jpeg/decode.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';
import { codedPicture } from './arbitraries.ts';
import {
  byRows,
  type CodedPicture,
  type Coding,
  encodeJpeg,
  progressiveScript,
  segmentOf,
} from './encoder.ts';

describe('a JPEG picture', () => {
  it('comes out the same however its coefficients are coded', async () => {
    await holds(
      fc.asyncProperty(codedPicture, fc.integer({ min: 1, max: 9 }), async (picture, restartInterval) => {
        const plain = decodeJpeg(encodeJpeg(picture));
        const codings: Coding[] = [
          { restartInterval },
          { codes: 'skewed' },
          { interleaved: false, restartInterval },
          { progressive: progressiveScript(picture.components.length) },
          { progressive: progressiveScript(picture.components.length), restartInterval, codes: 'skewed' },
        ];
        for (const coding of codings) {
          assert.deepEqual(decodeJpeg(encodeJpeg(picture, coding)), plain, JSON.stringify(coding));
        }
      }),
      120,
    );
  });

  it('has the samples of a float64 inverse DCT, to rounding', async () => {
    const grey = codedPicture.filter(({ components }) => components.length === 1);
    await holds(
      fc.asyncProperty(grey, async (picture) => {
        for (const [dct, tolerance] of [
          ['accurate', 1],
          ['fast', 5],
        ] as const) {
          const exact = samplesOf(picture, dct === 'fast' ? foldedStep : (step) => step);
          const { data } = decodeJpeg(encodeJpeg(picture), { dct, channels: 1 });
          data.forEach((sample, i) => {
            assert.ok(
              Math.abs(sample - exact[i]) <= tolerance,
              `${dct}: sample ${i} is ${sample}, not ${exact[i]}`,
            );
          });
        }
      }),
      60,
    );
  });

  it('cropped has the pixels of the whole one, but for the columns at the ends of the filter', async () => {
    const crop = fc.tuple(
      fc.double({ max: 0.999, min: 0, noNaN: true }),
      fc.double({ max: 1, min: 0.001, noNaN: true }),
    );
    await holds(
      fc.asyncProperty(codedPicture, crop, crop, fc.boolean(), async (picture, across, down, progressive) => {
        const coding = progressive ? { progressive: progressiveScript(picture.components.length) } : {};
        const bytes = encodeJpeg(picture, coding);
        const whole = decodeJpeg(bytes);
        const [x, width] = part(across, picture.width);
        const [y, height] = part(down, picture.height);
        const cut = decodeJpeg(bytes, { crop: { x, y, width, height } });
        assert.deepEqual([cut.width, cut.height, cut.data.length], [width, height, width * height * 3]);
        for (let row = 0; row < height; row++) {
          for (let column = 1; column < width - 1; column++) {
            const at = 3 * (row * width + column);
            const from = 3 * ((y + row) * picture.width + x + column);
            assert.deepEqual(
              cut.data.subarray(at, at + 3),
              whole.data.subarray(from, from + 3),
              `(${column}, ${row})`,
            );
          }
        }
      }),
      150,
    );
  });

  it('without filters repeats the samples of its colours', () => {
    const coefficients = new Int16Array(64);
    coefficients[0] = 400;
    const flat = new Int16Array(4 * 64);
    const picture: CodedPicture = {
      width: 16,
      height: 16,
      components: [
        { h: 2, v: 2, coefficients: flat },
        { h: 1, v: 1, coefficients },
        { h: 1, v: 1, coefficients: new Int16Array(64) },
      ],
      steps: new Array<number>(64).fill(1),
    };
    for (const fancyUpsampling of [true, false]) {
      const { data } = decodeJpeg(encodeJpeg(picture), { fancyUpsampling });
      // Y = Cr = 128, Cb = 128 + 400 / 8.
      for (let at = 0; at < data.length; at += 3)
        assert.deepEqual([...data.subarray(at, at + 3)], [128, 111, 217]);
    }
  });

  it('of one component is grey in three channels, or one', async () => {
    const grey = codedPicture.filter(({ components }) => components.length === 1);
    await holds(
      fc.asyncProperty(grey, async (picture) => {
        const bytes = encodeJpeg(picture);
        const one = decodeJpeg(bytes, { channels: 1 });
        assert.deepEqual(decodeJpeg(bytes, { channels: 0 }), one);
        const three = decodeJpeg(bytes).data;
        assert.deepEqual(
          three,
          Uint8Array.from({ length: 3 * one.data.length }, (_, i) => one.data[Math.floor(i / 3)]),
        );
      }),
      30,
    );
  });

  it('of RGB becomes grey by weight', () => {
    const component = (dc: number) => {
      const coefficients = new Int16Array(64);
      coefficients[0] = dc;
      return { h: 1, v: 1, coefficients };
    };
    const picture: CodedPicture = {
      width: 8,
      height: 8,
      components: [component(8 * 100), component(0), component(8 * -96)],
      steps: new Array<number>(64).fill(1),
    };
    const adobe = segmentOf(0xee, [...new TextEncoder().encode('Adobe'), 0, 100, 0, 0, 0, 0, 0]);
    const bytes = encodeJpeg(picture, { segments: [adobe] });
    assert.deepEqual([...decodeJpeg(bytes).data.subarray(0, 3)], [228, 128, 32]);
    const light = Math.round(0.299 * 228 + 0.587 * 128 + 0.114 * 32);
    assert.equal(decodeJpeg(bytes, { channels: 1 }).data[0], light);
  });
});

describe('the header of a JPEG file', () => {
  it('says size, components and kind', async () => {
    await holds(
      fc.asyncProperty(codedPicture, fc.boolean(), async (picture, progressive) => {
        const coding = progressive ? { progressive: progressiveScript(picture.components.length) } : {};
        const { width, height, components } = picture;
        assert.deepEqual(readJpegHeader(encodeJpeg(picture, coding)), {
          width,
          height,
          components: components.length,
          progressive,
        });
      }),
      50,
    );
  });
});

describe('a JPEG file is refused', () => {
  const flat: CodedPicture = {
    width: 20,
    height: 12,
    components: [{ h: 1, v: 1, coefficients: new Int16Array(6 * 64) }],
    steps: new Array<number>(64).fill(1),
  };
  const bytes = encodeJpeg(flat);
  const frame = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0);
  const patched = (at: number, ...values: number[]) => {
    const copy = bytes.slice();
    copy.set(values, at);
    return copy;
  };
  const cases: readonly (readonly [what: string, bytes: Uint8Array, reason: RegExp])[] = [
    ['with arithmetic coding', patched(frame + 1, 0xc9), /arithmetic coding is not supported/],
    [
      'that is progressive with arithmetic coding',
      patched(frame + 1, 0xca),
      /arithmetic coding is not supported/,
    ],
    ['that is lossless', patched(frame + 1, 0xc3), /lossless JPEG is not supported/],
    ['that is hierarchical', patched(frame + 1, 0xc5), /hierarchical JPEG is not supported/],
    ['with 12 bits', patched(frame + 4, 12), /samples of 12 bits are not supported/],
    ['without rows', patched(frame + 5, 0, 0), /an empty picture/],
    ['too large', patched(frame + 5, 0xff, 0, 0xff, 0), /65280×65280|samples/],
    ['that is empty', new Uint8Array(0), /no JPEG file/],
    ['that is something else', Uint8Array.of(0x89, 0x50, 0x4e, 0x47), /no JPEG file/],
    ['with something before it', Uint8Array.of(0, ...bytes), /no JPEG file/],
    ['that ends in its header', bytes.subarray(0, 60), /the file ends inside a segment/],
    ['without an end marker', bytes.subarray(0, -2), /the file ends/],
    ['that ends in its picture', bytes.subarray(0, -4), /the file ends/],
  ];
  for (const [what, damaged, reason] of cases) {
    it(what, () => {
      assert.throws(
        () => decodeJpeg(damaged, { file: 'a.jpg' }),
        (error) => {
          assert.ok(error instanceof DataError, `${error}`);
          assert.match(error.message, reason);
          assert.equal(error.file, 'a.jpg');
          assert.ok(error.offset !== undefined && error.offset >= 0 && error.offset <= damaged.length);
          return true;
        },
      );
    });
  }

  it('in a window outside it', () => {
    for (const crop of [
      { x: 0, y: 0, width: 0, height: 0 },
      { x: 1, y: 0, width: 20, height: 12 },
      { x: 0, y: 12, width: 1, height: 1 },
    ]) {
      assert.throws(() => decodeJpeg(bytes, { crop }), DataError);
    }
    assert.throws(() => decodeJpeg(bytes, { crop: { x: -1, y: 0, width: 2, height: 2 } }), UsageError);
    assert.throws(() => decodeJpeg(bytes, { crop: { x: 0.5, y: 0, width: 2, height: 2 } }), UsageError);
  });

  it('only where damage matters: bytes behind the end do not, nor what is below the window', () => {
    const whole = decodeJpeg(bytes);
    assert.deepEqual(decodeJpeg(Uint8Array.of(...bytes, 1, 2, 3, 0xff, 0xc9)), whole);
    const top = { x: 0, y: 0, width: 20, height: 4 };
    assert.deepEqual(decodeJpeg(bytes.subarray(0, -2), { crop: top }), decodeJpeg(bytes, { crop: top }));
  });
});

/** Samples of a picture of one component, by the definition (ITU T.81, A.3.3), rounded and clamped. */
function samplesOf(
  { width, height, components, steps }: CodedPicture,
  effectiveStep: (step: number, place: number) => number,
): Uint8ClampedArray {
  const blocksWide = Math.ceil(width / 8);
  const out = new Uint8ClampedArray(width * height);
  const used = byRows(steps).map(effectiveStep);
  const blocks = Array.from({ length: components[0].coefficients.length / 64 }, (_, block) =>
    byRows(components[0].coefficients.subarray(64 * block, 64 * block + 64)).map(
      (value, i) => value * used[i],
    ),
  );
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const block = blocks[Math.floor(y / 8) * blocksWide + Math.floor(x / 8)];
      let sum = 0;
      block.forEach((value, i) => {
        if (value !== 0) sum += value * wave(y % 8, i >> 3) * wave(x % 8, i & 7);
      });
      out[y * width + x] = sum / 4 + 128;
    }
  }
  return out;
}

/**
 * The step that is left of one when IFAST folds its scale factor of the place in and keeps two bits of
 * fraction.
 */
function foldedStep(step: number, place: number): number {
  const scale = (k: number) => (k === 0 ? 1 : Math.SQRT2 * Math.cos((k * Math.PI) / 16));
  const factor = 4 * scale(place >> 3) * scale(place & 7);
  return Math.round(step * factor) / factor;
}

function wave(place: number, frequency: number): number {
  return Math.cos(((2 * place + 1) * frequency * Math.PI) / 16) * (frequency === 0 ? Math.SQRT1_2 : 1);
}

/** A part of a length, from 0 to 1 each. */
function part([start, share]: readonly [number, number], length: number): [from: number, count: number] {
  const from = Math.floor(start * length);
  return [from, Math.max(1, Math.floor(share * (length - from)))];
}
