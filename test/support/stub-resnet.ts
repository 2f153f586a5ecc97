import { DataError } from '../../src/base/errors.ts';
import { withShape } from '../../src/base/shaped-floats.ts';
import type { PictureSource } from '../../src/io/pictures/picture-source.ts';
import { pictureValues, type ResNet50 } from '../../src/models/resnet50/model.ts';
import { makeJpeg } from '../io/pictures/made-pictures.ts';

const IMAGE_SIZE = 224;
const PICTURE_VALUES = pictureValues(IMAGE_SIZE);

/** Classes of the network that is none. */
export const CLASSES = 8;

/** A network that needs no device: logits are sums over some pixels. `batches` are the numbers of pictures it was given. */
export function stubResNet(): ResNet50 & { readonly batches: number[] } {
  const batches: number[] = [];
  return {
    config: {
      depth: 18,
      kind: 'residual',
      blocks: [2, 2, 2, 2],
      classes: CLASSES,
      imageSize: IMAGE_SIZE,
      technique: 'dense',
      threshold: undefined,
      valuePrecision: 'f32',
    },
    weights: { nonzero: 1, total: 2, sparseLayers: 1, denseLayers: 0 },
    adapter: 'one',
    byteLength: 0,
    batches,
    async logits(pixels) {
      const count = pixels.length / PICTURE_VALUES;
      batches.push(count);
      const logits = new Float32Array(count * CLASSES);
      for (let picture = 0; picture < count; picture++) {
        for (let i = 0; i < PICTURE_VALUES; i += 101) {
          logits[picture * CLASSES + (i % CLASSES)] += (pixels[picture * PICTURE_VALUES + i] - 120) / 5000;
        }
      }
      return withShape(logits, [count, CLASSES]);
    },
    stages: () => Promise.reject(new Error('there are none')),
    dispose() {},
    [Symbol.dispose]() {},
  };
}

/** A picture in memory. */
export interface MadePicture {
  /** Of `makeJpeg`; a picture without one is bad. */
  readonly seed: number | undefined;
  readonly label: number | undefined;
}

/** @param before called before each picture is loaded, with its place. */
export function memoryPictures(
  pictures: readonly MadePicture[],
  before: (index: number) => void = () => {},
): PictureSource {
  return {
    files: [],
    async *entries() {
      for (const [index, { seed, label }] of pictures.entries()) {
        const name = seed === undefined ? `bad-${index}` : `picture-${seed}`;
        const error = (reason: string) => new DataError(`record ${index}: ${reason}`, { file: name });
        yield {
          file: name,
          record: index,
          async load() {
            before(index);
            if (seed === undefined) throw error('it is bad');
            return { label, jpeg: new Uint8Array(madeJpeg(seed)) };
          },
          error,
        };
      }
    },
  };
}

const made = new Map<number, Uint8Array>();

function madeJpeg(seed: number): Uint8Array {
  const jpeg = made.get(seed) ?? makeJpeg(seed);
  made.set(seed, jpeg);
  return jpeg;
}
