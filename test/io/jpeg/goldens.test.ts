import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe } from 'node:test';
import { DataError } from '../../../src/base/errors.ts';
import { decodeJpeg, type JpegOptions, readJpegHeader } from '../../../src/io/jpeg/decode.ts';
import { decodeExample } from '../../../src/io/records/example.ts';
import { sharedTest } from '../../support/shared.ts';
import { sha256 } from '../support.ts';

/*
 * Pictures decoded by TensorFlow 2.21 (goldens/resnet50/C_input) and by libjpeg-turbo with TensorFlow's
 * settings (data/jpeg).
 */

const INPUT = ['goldens', 'resnet50', 'C_input'];

type Yxhw = readonly [y: number, x: number, height: number, width: number];

/** What the tests read of a picture in golden.json and tiny.json. */
interface GoldenPicture {
  readonly name: string;
  readonly extract_jpeg_shape: readonly [height: number, width: number, components: number];
  readonly decode_default_ifast: { readonly sha256: string };
  readonly decode_integer_accurate: { readonly sha256: string };
  readonly eval_crop_window_yxhw: Yxhw;
  readonly eval_crop?: { readonly sha256: string };
  readonly eval_crop_integer_accurate?: { readonly sha256: string };
  readonly other_window?: { readonly window_yxhw: Yxhw; readonly sha256: string };
}

describe('TensorFlow decodes the same pixels', () => {
  for (const file of ['golden.json', 'tiny.json']) {
    sharedTest(file, [...INPUT, file], async (path) => {
      const golden = JSON.parse(await readFile(path, 'utf8')) as
        | GoldenPicture[]
        | { pictures: GoldenPicture[] };
      for (const picture of 'pictures' in golden ? golden.pictures : golden) {
        await checkPicture(picture, path.replace(file, `jpeg/${picture.name}.jpg`));
      }
    });
  }
});

async function checkPicture(golden: GoldenPicture, path: string): Promise<void> {
  const { name } = golden;
  const bytes = await readFile(path);
  const { height, width, components } = readJpegHeader(bytes);
  assert.deepEqual([height, width, components], golden.extract_jpeg_shape, name);
  const accurate: JpegOptions = { dct: 'accurate' };
  assertPixels(bytes, {}, golden.decode_default_ifast, name);
  assertPixels(bytes, accurate, golden.decode_integer_accurate, `${name}, accurate DCT`);
  const crop = rectangle(golden.eval_crop_window_yxhw);
  if (golden.eval_crop === undefined) {
    assert.throws(() => decodeJpeg(bytes, { crop }), DataError, name);
  } else {
    assertPixels(bytes, { crop }, golden.eval_crop, `${name}, evaluation crop`);
    assertPixels(bytes, { crop, ...accurate }, golden.eval_crop_integer_accurate!, `${name}, accurate crop`);
  }
  if (golden.other_window !== undefined) {
    const other = rectangle(golden.other_window.window_yxhw);
    assertPixels(bytes, { crop: other }, golden.other_window, `${name}, other window`);
  }
}

/** What the tests read of a picture in expected.json. */
interface ExpectedPicture {
  readonly tf_rgb_fast: { readonly sha256: string };
  readonly tf_rgb_int: { readonly sha256: string };
  readonly tf_crop_fast?: { readonly crop_window_yxhw: Yxhw; readonly sha256: string };
  readonly tf_crop_int?: { readonly crop_window_yxhw: Yxhw; readonly sha256: string };
  readonly 'libjpeg_turbo_1.5.3_and_2.0.0'?: Readonly<Record<string, string>>;
}

describe('libjpeg-turbo decodes the same pixels', () => {
  sharedTest('expected.json', ['data', 'jpeg', 'expected.json'], async (path) => {
    const expected = JSON.parse(await readFile(path, 'utf8')) as Record<string, ExpectedPicture>;
    for (const [name, picture] of Object.entries(expected)) {
      const bytes: Uint8Array = await readFile(path.replace('expected.json', `${name}.jpg`));
      if (name.startsWith('arith')) {
        assert.throws(() => decodeJpeg(bytes), /arithmetic coding/, name);
      } else if (name.startsWith('truncated')) {
        assert.throws(() => decodeJpeg(bytes), /without an end marker/, name);
        // These pixels are of a program that puts an end marker where the file ends.
        checkExpected(Uint8Array.of(...bytes, 0xff, 0xd9), picture, name);
      } else {
        checkExpected(bytes, picture, name);
      }
    }
  });
});

function checkExpected(bytes: Uint8Array, expected: ExpectedPicture, name: string): void {
  const later: JpegOptions = { h1v2: '2.0.3' };
  assertPixels(bytes, later, expected.tf_rgb_fast, name);
  assertPixels(bytes, { ...later, dct: 'accurate' }, expected.tf_rgb_int, `${name}, accurate DCT`);
  const { tf_crop_fast: fast, tf_crop_int: accurate } = expected;
  const crop = fast && rectangle(fast.crop_window_yxhw);
  if (crop !== undefined) {
    assertPixels(bytes, { ...later, crop }, fast!, `${name}, evaluation crop`);
    assertPixels(bytes, { ...later, crop, dct: 'accurate' }, accurate!, `${name}, accurate crop`);
  }
  const earlier = expected['libjpeg_turbo_1.5.3_and_2.0.0'];
  if (crop !== undefined && earlier !== undefined) {
    assertPixels(bytes, {}, { sha256: earlier.rgb_fast_153 }, `${name} by 1.5.3`);
    assertPixels(bytes, { crop }, { sha256: earlier.crop_fast_153 }, `${name}, crop by 1.5.3`);
  }
}

/** What became of each record of a damaged file. */
interface Damage {
  readonly per_record: readonly {
    readonly ok?: boolean;
    readonly sha256?: string;
    readonly error?: { readonly message: string };
  }[];
}

describe('TensorFlow refuses the same files', () => {
  sharedTest('corrupt', [...INPUT, 'corrupt', 'golden.json'], async (path) => {
    const golden = JSON.parse(await readFile(path, 'utf8')) as Record<string, Damage>;
    const whole = evaluationCrop(
      await readFile(path.replace('corrupt/golden.json', 'jpeg/base_420_testorig.jpg')),
    );
    const wholeResult = golden.jpeg_missing_eoi.per_record[0].sha256;
    let checked = 0;
    for (const name of Object.keys(golden).filter((name) => /^(jpeg|png|empty|tiny|fixture)_/.test(name))) {
      const directory = path.replace('golden.json', name);
      const [file] = await readdir(directory);
      const pictures = encodedPictures(await readFile(`${directory}/${file}`));
      for (const [index, { ok, sha256 }] of golden[name].per_record.entries()) {
        // Of the arithmetic-coded picture TensorFlow makes pixels; this decoder knows no arithmetic coding.
        if (ok && !name.includes('arith')) {
          const cropped = evaluationCrop(pictures[index]);
          if (sha256 === wholeResult) assert.deepEqual(cropped, whole, name);
        } else {
          assert.throws(() => evaluationCrop(pictures[index]), DataError, `${name}, record ${index}`);
        }
        checked++;
      }
    }
    assert.ok(checked >= 15, `${checked} pictures`);
  });
});

/** The JPEG bytes of each record of an uncompressed TFRecord file. */
function encodedPictures(file: Buffer): Uint8Array[] {
  const pictures: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const feature = decodeExample(file.subarray(at + 12, at + 12 + length)).get('image/encoded');
    assert.ok(feature?.kind === 'bytes');
    pictures.push(feature.values[0]);
    at += 16 + length;
  }
  return pictures;
}

/** The crop of state_of_sparsity's evaluation: the middle 7/8 of the shorter side. */
function evaluationCrop(bytes: Uint8Array): Uint8Array {
  const { width, height } = readJpegHeader(bytes);
  const side = Math.trunc(0.875 * Math.min(width, height));
  const middle = (length: number) => Math.floor((length - side + 1) / 2);
  const crop = { x: middle(width), y: middle(height), width: side, height: side };
  return decodeJpeg(bytes, { crop }).data;
}

function rectangle([y, x, height, width]: Yxhw): NonNullable<JpegOptions['crop']> {
  return { x, y, width, height };
}

function assertPixels(
  bytes: Uint8Array,
  options: JpegOptions,
  expected: { sha256: string },
  what: string,
): void {
  assert.equal(sha256(decodeJpeg(bytes, options).data), expected.sha256, what);
}
