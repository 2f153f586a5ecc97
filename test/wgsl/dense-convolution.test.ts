import type { DenseConvolutionTiling, Tilings } from '../../src/graph/tuning/tiling.ts';
import { denseConvolutionGrid, denseConvolutionKernel } from '../../src/wgsl/dense-convolution.ts';
import { convolveWith } from '../support/convolve-with.ts';
import { testConvolutions } from './convolution-properties.ts';

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
const GPU_LIKE: Tilings<DenseConvolutionTiling> = [
  { operands: 'cached', lanesN: 4, lanesM: 8, rows: 4, columns: 2, ...plain },
  { operands: 'cached', lanesN: 8, lanesM: 2, rows: 1, columns: 1, ...plain },
  { operands: 'staged', lanesN: 8, lanesM: 4, rows: 2, columns: 2, ...plain },
  { operands: 'staged', lanesN: 3, lanesM: 5, rows: 3, columns: 2, ...plain },
  { operands: 'split', lanesN: 2, lanesM: 2, rows: 2, columns: 3, ...plain, lanesK: 8 },
  { operands: 'split', lanesN: 4, lanesM: 3, rows: 1, columns: 2, ...plain, lanesK: 3 },
];

testConvolutions({
  name: 'dense',
  alike: GPU_LIKE,
  others: [CPU_LIKE],
  convolve: (one, tiling, values) =>
    convolveWith(one, { format: 'dense', values }, ({ filters, pixels, ...task }) => ({
      kernel: denseConvolutionKernel({ ...tiling, ...task }),
      grid: denseConvolutionGrid(tiling, filters, pixels),
    })),
});
