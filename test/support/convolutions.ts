import type { Window } from '../../src/graph/weights/convolution-weight.ts';
import { type Expected, gamma } from './accuracy.ts';
import fc from './fast-check.ts';
import { floats, type Pattern, randomFrom, sparsify } from './random.ts';

/** A convolution with everything that may follow it. */
export interface ConvolutionCase {
  readonly window: Window;
  readonly padAfter: number;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly filters: number;
  /** `[filters, size, size, channels]` */
  readonly a: Float32Array;
  /** `[batch, height, width, channels]` */
  readonly x: Float32Array;
  /** `[filters]` */
  readonly bias: Float32Array;
  readonly relu: boolean;
  /** Seeds the residual, of the result's shape. */
  readonly residualSeed: number | undefined;
}

/** Every shape, stride, padding, density and batch, with magnitudes so far apart that sums lose bits. */
export const convolutionCase = convolutions({ sizes: [1, 2, 3, 5, 7], channels: 7, filters: 11 });

/** Taps with more channels than are summed at once. */
export const deepConvolutionCase = convolutions({ sizes: [2, 3], channels: 150, filters: 7 });

function convolutions(most: {
  sizes: readonly number[];
  channels: number;
  filters: number;
}): fc.Arbitrary<ConvolutionCase> {
  return fc
    .record({
      size: fc.constantFrom(...most.sizes),
      stride: fc.integer({ min: 1, max: 3 }),
      pads: fc.tuple(fc.nat(), fc.nat()),
      batch: fc.integer({ min: 1, max: 3 }),
      extra: fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 7 })),
      channels: fc.integer({ min: 1, max: most.channels }),
      filters: fc.integer({ min: 1, max: most.filters }),
      density: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
      pattern: fc.constantFrom<Pattern>('scattered', 'empty rows', 'one full row'),
      spread: fc.integer({ min: 0, max: 12 }),
      relu: fc.boolean(),
      residualSeed: fc.option(fc.nat(), { nil: undefined }),
      seed: fc.nat(),
    })
    .map(({ size, stride, pads, extra, density, pattern, spread, seed, ...rest }) => {
      const [padBefore, padAfter] = pads.map((pad) => pad % size);
      // Large enough for one window, with or without the zeros around it.
      const smallest = Math.max(1, size - padBefore - padAfter);
      const [height, width] = extra.map((more) => smallest + more);
      const { batch, channels, filters } = rest;
      const random = randomFrom(seed);
      const depth = size * size * channels;
      return {
        ...rest,
        window: { size, stride, padBefore },
        padAfter,
        height,
        width,
        a: sparsify(random, floats(random, filters * depth, spread), depth, density, pattern),
        x: floats(random, batch * height * width * channels, spread),
        bias: floats(random, filters, spread),
      };
    });
}

/** Pixels along one side of the result. */
export function outputExtent({ size, stride, padBefore }: Window, extent: number, padAfter: number): number {
  let count = 0;
  while (count * stride + size <= padBefore + extent + padAfter) count++;
  return count;
}

/**
 * `relu(Σ a[f, ky, kx, c] · x[b, y·s + ky − p, x·s + kx − p, c] + bias + residual)` by definition, in float64, and how far a
 * float32 sum in any order may be from it. `[batch, height, width, filters]`.
 */
export function convolutionOracle(
  one: ConvolutionCase,
  residual: Float32Array | undefined,
): Expected & { height: number; width: number } {
  const { window, padAfter, batch, channels, filters, a, x, bias, relu } = one;
  const { size, stride, padBefore } = window;
  const height = outputExtent(window, one.height, padAfter);
  const width = outputExtent(window, one.width, padAfter);
  const value = new Float64Array(batch * height * width * filters);
  const bound = new Float64Array(value.length);
  for (let at = 0; at < value.length; at++) {
    const f = at % filters;
    const column = Math.floor(at / filters) % width;
    const line = Math.floor(at / filters / width) % height;
    const b = Math.floor(at / filters / width / height);
    const addend = residual?.[at] ?? 0;
    let sum = bias[f] + addend;
    let magnitude = Math.abs(bias[f]) + Math.abs(addend);
    let terms = 2;
    for (let ky = 0; ky < size; ky++) {
      for (let kx = 0; kx < size; kx++) {
        const iy = line * stride + ky - padBefore;
        const ix = column * stride + kx - padBefore;
        if (iy < 0 || iy >= one.height || ix < 0 || ix >= one.width) continue;
        for (let c = 0; c < channels; c++) {
          const term =
            a[((f * size + ky) * size + kx) * channels + c] *
            x[((b * one.height + iy) * one.width + ix) * channels + c];
          sum += term;
          magnitude += Math.abs(term);
          terms++;
        }
      }
    }
    value[at] = relu ? Math.max(0, sum) : sum;
    // Sums are gathered tap by tap: that many more additions.
    bound[at] = gamma(terms + size * size + 4) * magnitude;
  }
  return { value, bound, height, width };
}

/** `[batch, height, width, channels]` as `[channels, columns]`; columns beyond the pixels hold a value that must not matter. */
export function featureMajor(
  channelsLast: Float32Array,
  channels: number,
  columns: number,
  beyond = Math.fround(1e30),
): Float32Array {
  const pixels = channelsLast.length / channels;
  const rows = new Float32Array(channels * columns).fill(beyond);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let c = 0; c < channels; c++) rows[c * columns + pixel] = channelsLast[pixel * channels + c];
  }
  return rows;
}

/** The way back. */
export function channelsLast(featureMajor: Float32Array, channels: number, pixels: number): Float32Array {
  const columns = featureMajor.length / channels;
  const values = new Float32Array(pixels * channels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let c = 0; c < channels; c++) values[pixel * channels + c] = featureMajor[c * columns + pixel];
  }
  return values;
}
