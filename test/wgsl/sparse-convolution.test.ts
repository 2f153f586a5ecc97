import type { SparseConvolutionTiling, Tilings } from '../../src/graph/tuning/tiling.ts';
import { sparseConvolutionGrid, sparseConvolutionKernel } from '../../src/wgsl/sparse-convolution.ts';
import { convolveWith } from '../support/convolve-with.ts';
import { testConvolutions } from './convolution-properties.ts';

const plain = { lanesK: 1, deal: 'interleaved', unrolled: false } as const;
const TILINGS: Tilings<SparseConvolutionTiling> = [
  { entries: 'cached', lanesN: 4, lanesM: 8, columns: 3, ...plain },
  { entries: 'cached', lanesN: 4, lanesM: 8, columns: 5, ...plain, deal: 'runs' },
  { entries: 'cached', lanesN: 8, lanesM: 2, columns: 2, ...plain, unrolled: true },
  { entries: 'staged', lanesN: 8, lanesM: 4, columns: 2, ...plain },
  // Lanes that do not divide what is staged at once, and more than there are entries in it.
  { entries: 'staged', lanesN: 3, lanesM: 5, columns: 2, ...plain },
  { entries: 'staged', lanesN: 64, lanesM: 1, columns: 1, ...plain },
  { entries: 'split', lanesN: 2, lanesM: 4, columns: 2, ...plain, lanesK: 16, unrolled: true },
  { entries: 'split', lanesN: 4, lanesM: 3, columns: 3, ...plain, lanesK: 3 },
];

testConvolutions({
  name: 'sparse',
  alike: TILINGS,
  others: [],
  convolve(one, tiling, values) {
    return convolveWith(one, { format: 'sparse', values }, ({ filters, pixels, ...task }) => ({
      kernel: sparseConvolutionKernel({ ...tiling, ...task }),
      grid: sparseConvolutionGrid(tiling, filters, pixels),
    }));
  },
});
