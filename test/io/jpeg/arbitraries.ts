import fc from '../../support/fast-check.ts';
import { below, type Random, randomFrom } from '../../support/random.ts';
import { type CodedPicture, paddedBlocks } from './encoder.ts';

/** Sampling factors of the components, as real files have them and as only the standard has them. */
export const SAMPLINGS: readonly (readonly (readonly [h: number, v: number])[])[] = [
  [[1, 1]],
  [
    [1, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [1, 2],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 2],
    [1, 1],
    [1, 1],
  ],
  [
    [4, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [4, 2],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 2],
    [2, 1],
    [1, 2],
  ],
  [
    [1, 1],
    [2, 2],
    [2, 2],
  ],
  [
    [3, 1],
    [1, 1],
    [3, 1],
  ],
  [
    [1, 1],
    [1, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 2],
    [1, 1],
    [1, 1],
    [2, 2],
  ],
];

/** What a small picture is made of. */
export interface Recipe {
  readonly width: number;
  readonly height: number;
  readonly sampling: readonly (readonly [h: number, v: number])[];
  readonly seed: number;
  readonly largestStep: number;
}

/** Small pictures of random coefficients, few of them far from zero, as in photographs. */
export const codedPicture: fc.Arbitrary<CodedPicture> = fc
  .record({
    width: fc.integer({ min: 1, max: 70 }),
    height: fc.integer({ min: 1, max: 40 }),
    sampling: fc.constantFrom(...SAMPLINGS),
    seed: fc.nat(),
    largestStep: fc.constantFrom(1, 12, 80, 300),
  })
  .map(pictureOf);

/** The picture of a recipe, always the same. */
export function pictureOf({ width, height, sampling, seed, largestStep }: Recipe): CodedPicture {
  const random = randomFrom(seed);
  const steps = Array.from({ length: 64 }, () => 1 + below(random, largestStep));
  const layout = {
    width,
    height,
    components: sampling.map(([h, v]) => ({ h, v, coefficients: NO_COEFFICIENTS })),
  };
  const components = layout.components.map(({ h, v }) => {
    const [wide, high] = paddedBlocks(layout, { h, v });
    return { h, v, coefficients: coefficients(random, wide * high, steps) };
  });
  return { width, height, components, steps };
}

const NO_COEFFICIENTS = new Int16Array(0);

/** Blocks whose dequantised coefficients stay within what 8-bit samples can have. */
function coefficients(random: Random, blocks: number, steps: readonly number[]): Int16Array {
  const values = new Int16Array(64 * blocks);
  for (let block = 0; block < blocks; block++) {
    values[64 * block] = Math.round((2 * random() - 1) * (900 / steps[0]));
    const count = below(random, 12);
    for (let i = 0; i < count; i++) {
      const k = 1 + Math.floor(63 * random() ** 2);
      values[64 * block + k] = Math.round((2 * random() - 1) * (120 / steps[k]) + 2 * random() - 1);
    }
  }
  return values;
}
