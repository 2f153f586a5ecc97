import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { type RasterPicture, resizeBicubic } from '../../../src/io/pictures/bicubic.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';
import { below, randomFrom } from '../../support/random.ts';

const side = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 90 }));

const picture: fc.Arbitrary<RasterPicture> = fc
  .record({ width: side, height: side, channels: fc.integer({ min: 1, max: 4 }), seed: fc.nat() })
  .map(({ width, height, channels, seed }) => {
    const random = randomFrom(seed);
    const data = Uint8Array.from({ length: width * height * channels }, () => below(random, 256));
    return { width, height, channels, data };
  });

test('it is the piecewise cubic with a = -3/4, in float64, up to rounding', () =>
  holds(
    fc.asyncProperty(picture, side, side, async (source, width, height) => {
      const resized = resizeBicubic(source, width, height);
      const oracle = cubicOracle(source, width, height);
      assert.equal(resized.length, oracle.length);
      // Each axis rounds weights, products and sums: less than 10 roundings of values up to 255 · 1.25 · 1.25.
      resized.forEach((value, at) => {
        assert.ok(Math.abs(value - oracle[at]) <= 20 * 400 * 2 ** -24, `${value} for ${oracle[at]} at ${at}`);
      });
    }),
    60,
  ));

test('it gives the same picture where the size stays', () =>
  holds(
    fc.asyncProperty(picture, async (source) => {
      assert.deepEqual([...resizeBicubic(source, source.width, source.height)], [...source.data]);
    }),
    60,
  ));

test('a picture of one colour stays of that colour', () =>
  holds(
    fc.asyncProperty(picture, fc.nat(255), side, side, async (source, colour, width, height) => {
      const plain = { ...source, data: source.data.map(() => colour) };
      // The four weights of an axis add up to 1 within the rounding of each, and their products with the colour round too.
      for (const value of resizeBicubic(plain, width, height)) {
        assert.ok(Math.abs(value - colour) <= 20 * 2 ** -24 * colour, `${value} for ${colour}`);
      }
    }),
    60,
  ));

test('channels do not mix, and float pictures are resized as byte pictures are', () =>
  holds(
    fc.asyncProperty(picture, side, side, async (source, width, height) => {
      const { channels, data } = source;
      const together = resizeBicubic(source, width, height);
      for (let channel = 0; channel < channels; channel++) {
        const alone = Float32Array.from(data).filter((_, at) => at % channels === channel);
        assert.deepEqual(
          [...resizeBicubic({ ...source, channels: 1, data: alone }, width, height)],
          [...together].filter((_, at) => at % channels === channel),
        );
      }
    }),
    60,
  ));

describe("TensorFlow's numbers", () => {
  it('5×5 to 3×3', () => {
    const data = Uint8Array.from({ length: 25 }, (_, i) => 9 * i);
    assertFloats(
      resizeBicubic({ width: 5, height: 5, channels: 1, data }, 3, 3),
      [
        0, 14.669109344, 30.830162048, 73.345542908, 88.014663696, 104.175712585, 154.150802612,
        168.819915771, 184.980957031,
      ],
    );
  });

  it('a row of 4 to 6 and to 3', () => {
    const data = Uint8Array.from({ length: 16 }, (_, i) => 255 * (i % 2));
    const rows = { width: 4, height: 4, channels: 1, data };
    assertFloats(
      resizeBicubic(rows, 6, 4).subarray(0, 6),
      [0, 203.14546204, 188.99954224, 0, 160.66622925, 283.33334351],
    );
    assertFloats(resizeBicubic(rows, 3, 4).subarray(0, 3), [0, 188.99954224, 160.66622925]);
  });

  it('the central crop of a 300×400 pattern to 224×224', () => {
    const [size, top, left] = [262, 19, 69];
    const data = new Uint8Array(size * size * 3);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const [y, x] = [row + top, column + left];
        data.set([7 * y + 3 * x, y * y + x, x * y], (row * size + column) * 3);
      }
    }
    const resized = resizeBicubic({ width: size, height: size, channels: 3, data }, 224, 224);
    const pixel = (y: number, x: number) => resized.subarray((y * 224 + x) * 3, (y * 224 + x + 1) * 3);
    assertFloats(pixel(0, 0), [84, 174, 31]);
    assertFloats(pixel(0, 223), [98.61399078, 178.87133789, 123.55531311]);
    assertFloats(pixel(100, 57), [78.53102112, 198.79579163, 93.53050232]);
    assertFloats(pixel(223, 0), [118.09932709, 126.91665649, 106.52020264]);
    assertFloats(pixel(223, 223), [132.71331787, 131.78799438, 227.40710449]);
    const sums = [0, 1, 2].map((channel) =>
      resized.reduce((sum, value, at) => (at % 3 === channel ? sum + value : sum), 0),
    );
    assert.deepEqual(
      sums.map((sum) => sum.toFixed(4)),
      ['6396934.9436', '6396100.1688', '6299573.1015'],
    );
    const sorted = resized.toSorted();
    assert.equal(sorted[0].toFixed(7), '-49.1181068');
    assert.equal(sorted.at(-1)!.toFixed(6), '304.073639');
  });
});

it('refuses sizes and data that do not fit', () => {
  const source = { width: 2, height: 2, channels: 1, data: new Uint8Array(4) };
  assert.throws(() => resizeBicubic(source, 0, 3), UsageError);
  assert.throws(() => resizeBicubic({ ...source, width: 0, data: new Uint8Array(0) }, 3, 3), UsageError);
  assert.throws(() => resizeBicubic({ ...source, channels: 3 }, 3, 3), UsageError);
});

/** Equal as float32s to numbers printed with enough digits for one. */
function assertFloats(actual: Float32Array, expected: number[]): void {
  assert.deepEqual([...actual], expected.map(Math.fround));
}

/** The definition: a sum over 16 pixels, with Keys' kernel and distances in steps of 1/1024. */
function cubicOracle(
  { width, height, channels, data }: RasterPicture,
  outWidth: number,
  outHeight: number,
): number[] {
  const rows = Array.from({ length: outHeight }, (_, y) => taps(y, height, outHeight));
  const columns = Array.from({ length: outWidth }, (_, x) => taps(x, width, outWidth));
  const out: number[] = [];
  for (const row of rows) {
    for (const column of columns) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (const [y, wy] of row) {
          for (const [x, wx] of column) sum += wy * wx * data[(y * width + x) * channels + channel];
        }
        out.push(sum);
      }
    }
  }
  return out;
}

function taps(out: number, inSize: number, outSize: number): [index: number, weight: number][] {
  const location = Math.fround(out * Math.fround(inSize / outSize));
  const base = Math.floor(location);
  const steps = (location - base) * 1024;
  const near = Math.abs(steps % 1) === 0.5 ? 2 * Math.round(steps / 2) : Math.round(steps);
  return [-1, 0, 1, 2].map((shift) => [
    Math.min(Math.max(base + shift, 0), inSize - 1),
    keys(Math.abs(near / 1024 - shift)),
  ]);
}

function keys(t: number): number {
  const a = -0.75;
  if (t <= 1) return (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1;
  return t < 2 ? a * (t ** 3 - 5 * t ** 2 + 8 * t - 4) : 0;
}
