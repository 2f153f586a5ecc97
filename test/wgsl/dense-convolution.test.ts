import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ValuePrecision } from '../../src/graph/half-precision.ts';
import type { DenseConvolutionTiling } from '../../src/graph/tilings.ts';
import { denseConvolutionGrid, denseConvolutionKernel } from '../../src/wgsl/dense-convolution.ts';
import { assertWithin } from '../support/accuracy.ts';
import {
  type ConvolutionCase,
  convolutionCase,
  convolutionOracle,
  deepConvolutionCase,
} from '../support/convolutions.ts';
import { convolveWith, residualOf } from '../support/convolve-with.ts';
import fc from '../support/fast-check.ts';
import { nearestHalf } from '../support/halves.ts';
import { holds } from '../support/property.ts';

const CPU_LIKE: DenseConvolutionTiling = {
  operands: 'cached',
  lanesN: 1,
  lanesM: 4,
  lanesK: 1,
  rows: 4,
  columns: 3,
  block: undefined,
  deal: 'runs',
};
const plain = { lanesK: 1, block: 32, deal: 'interleaved' } as const;
/** All in blocks of the same length, which few depths are a multiple of. */
const GPU_LIKE: readonly DenseConvolutionTiling[] = [
  { operands: 'cached', lanesN: 4, lanesM: 8, rows: 4, columns: 2, ...plain },
  { operands: 'cached', lanesN: 8, lanesM: 2, rows: 1, columns: 1, ...plain },
  { operands: 'staged', lanesN: 8, lanesM: 4, rows: 2, columns: 2, ...plain },
  { operands: 'staged', lanesN: 3, lanesM: 5, rows: 3, columns: 2, ...plain },
  { operands: 'split', lanesN: 2, lanesM: 2, rows: 2, columns: 3, ...plain, lanesK: 8 },
  { operands: 'split', lanesN: 4, lanesM: 3, rows: 1, columns: 2, ...plain, lanesK: 3 },
];
const tiling = fc.constantFrom(CPU_LIKE, ...GPU_LIKE);

/** Those that are no product. */
const isConvolution = ({ window }: ConvolutionCase) => window.size > 1 || window.stride > 1;

function convolved(
  one: ConvolutionCase,
  tiling: DenseConvolutionTiling,
  values: ValuePrecision = 'f32',
): Promise<Float32Array> {
  return convolveWith(one, { format: 'dense', values }, ({ filters, pixels, ...task }) => ({
    kernel: denseConvolutionKernel({ ...tiling, ...task }),
    grid: denseConvolutionGrid(tiling, filters, pixels),
  }));
}

test('the dense convolution is the direct one, to the rounding of a sum', async () => {
  await holds(
    fc.asyncProperty(convolutionCase.filter(isConvolution), tiling, async (one, tiling) => {
      assertWithin(await convolved(one, tiling), convolutionOracle(one, residualOf(one)), 'y');
    }),
    100,
  );
});

test('taps with more channels than a block are summed too', async () => {
  await holds(
    fc.asyncProperty(deepConvolutionCase, tiling, async (one, tiling) => {
      assertWithin(await convolved(one, tiling), convolutionOracle(one, residualOf(one)), 'y');
    }),
    25,
  );
});

test('values of 16 bits are multiplied as the nearest they stand for', async () => {
  await holds(
    fc.asyncProperty(deepConvolutionCase, tiling, async (one, tiling) => {
      const expected = convolutionOracle({ ...one, a: one.a.map(nearestHalf) }, residualOf(one));
      assertWithin(await convolved(one, tiling, 'f16'), expected, 'y');
    }),
    20,
  );
});

test('variants with blocks of one length give the same bits, and so does every run', async () => {
  await holds(
    fc.asyncProperty(deepConvolutionCase, async (one) => {
      const expected = await convolved(one, GPU_LIKE[0]);
      for (const tiling of GPU_LIKE) {
        assert.deepEqual(await convolved(one, tiling), expected, JSON.stringify(tiling));
      }
    }),
    5,
  );
});
