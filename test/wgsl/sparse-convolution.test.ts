import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ValuePrecision } from '../../src/graph/half-precision.ts';
import type { SparseConvolutionTiling } from '../../src/graph/tilings.ts';
import { sparseConvolutionGrid, sparseConvolutionKernel } from '../../src/wgsl/sparse-convolution.ts';
import { assertWithin } from '../support/accuracy.ts';
import {
  type ConvolutionCase,
  convolutionCase,
  convolutionOracle,
  deepConvolutionCase,
} from '../support/convolutions.ts';
import { convolveWith, residualOf } from '../support/convolve-with.ts';
import fc from '../support/fast-check.ts';
import { testGpu } from '../support/gpu.ts';
import { nearestHalf } from '../support/halves.ts';
import { holds } from '../support/property.ts';

const plain = { lanesK: 1, deal: 'interleaved', unrolled: false } as const;
const TILINGS: readonly SparseConvolutionTiling[] = [
  { entries: 'cached', lanesN: 4, lanesM: 8, columns: 3, ...plain },
  { entries: 'cached', lanesN: 4, lanesM: 8, columns: 5, ...plain, deal: 'runs' },
  { entries: 'cached', lanesN: 8, lanesM: 2, columns: 2, ...plain, unrolled: true },
  { entries: 'staged', lanesN: 8, lanesM: 4, columns: 2, ...plain },
  // Lanes that do not divide what is staged at once, and more than there are entries in it.
  { entries: 'staged', lanesN: 3, lanesM: 5, columns: 2, ...plain },
  { entries: 'staged', lanesN: 64, lanesM: 1, columns: 1, ...plain },
  { entries: 'subgroup', lanesN: 16, lanesM: 4, columns: 1, ...plain },
  // Subgroups with lanes of several rows, and with lanes missing.
  { entries: 'subgroup', lanesN: 3, lanesM: 5, columns: 2, ...plain },
  { entries: 'subgroup', lanesN: 6, lanesM: 1, columns: 3, ...plain },
  { entries: 'split', lanesN: 2, lanesM: 4, columns: 2, ...plain, lanesK: 16, unrolled: true },
  { entries: 'split', lanesN: 4, lanesM: 3, columns: 3, ...plain, lanesK: 3 },
];
const tiling = fc.constantFrom(...TILINGS);

/** Those that are no product. */
const isConvolution = ({ window }: ConvolutionCase) => window.size > 1 || window.stride > 1;

/** The tiling, or where the device has no subgroups one that needs none. */
async function possible(tiling: SparseConvolutionTiling): Promise<SparseConvolutionTiling> {
  const { features } = await testGpu();
  return tiling.entries === 'subgroup' && !features.subgroups ? { ...tiling, entries: 'cached' } : tiling;
}

async function convolved(
  one: ConvolutionCase,
  wanted: SparseConvolutionTiling,
  values: ValuePrecision = 'f32',
): Promise<Float32Array> {
  const tiling = await possible(wanted);
  return convolveWith(one, { format: 'sparse', values }, ({ filters, pixels, ...task }) => ({
    kernel: sparseConvolutionKernel({ ...tiling, ...task }),
    grid: sparseConvolutionGrid(tiling, filters, pixels),
  }));
}

test('the sparse convolution is the direct one, to the rounding of a sum', async () => {
  await holds(
    fc.asyncProperty(convolutionCase.filter(isConvolution), tiling, async (one, tiling) => {
      assertWithin(await convolved(one, tiling), convolutionOracle(one, residualOf(one)), 'y');
    }),
    100,
  );
});

test('taps with more entries than a segment are summed too', async () => {
  await holds(
    fc.asyncProperty(deepConvolutionCase, tiling, async (one, tiling) => {
      assertWithin(await convolved(one, tiling), convolutionOracle(one, residualOf(one)), 'y');
    }),
    30,
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

test('every way to get at the entries gives the same bits, and so does every run', async () => {
  await holds(
    fc.asyncProperty(deepConvolutionCase, async (one) => {
      const expected = await convolved(one, TILINGS[0]);
      for (const tiling of TILINGS) {
        assert.deepEqual(await convolved(one, tiling), expected, JSON.stringify(tiling));
      }
    }),
    5,
  );
});
