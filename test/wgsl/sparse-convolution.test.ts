import type { SparseConvolutionTiling, Tilings } from '../../src/graph/tuning/tilings.ts';
import { sparseConvolutionGrid, sparseConvolutionKernel } from '../../src/wgsl/sparse-convolution.ts';
import { convolveWith } from '../support/convolve-with.ts';
import { testGpu } from '../support/gpu.ts';
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
  { entries: 'subgroup', lanesN: 16, lanesM: 4, columns: 1, ...plain },
  // Subgroups with lanes of several rows, and with lanes missing.
  { entries: 'subgroup', lanesN: 3, lanesM: 5, columns: 2, ...plain },
  { entries: 'subgroup', lanesN: 6, lanesM: 1, columns: 3, ...plain },
  { entries: 'split', lanesN: 2, lanesM: 4, columns: 2, ...plain, lanesK: 16, unrolled: true },
  { entries: 'split', lanesN: 4, lanesM: 3, columns: 3, ...plain, lanesK: 3 },
];

/** The tiling, or where the device has no subgroups one that needs none. */
async function possible(tiling: SparseConvolutionTiling): Promise<SparseConvolutionTiling> {
  const { features } = await testGpu();
  return tiling.entries === 'subgroup' && !features.subgroups ? { ...tiling, entries: 'cached' } : tiling;
}

testConvolutions({
  name: 'sparse',
  alike: TILINGS,
  others: [],
  async convolve(one, wanted, values) {
    const tiling = await possible(wanted);
    return convolveWith(one, { format: 'sparse', values }, ({ filters, pixels, ...task }) => ({
      kernel: sparseConvolutionKernel({ ...tiling, ...task }),
      grid: sparseConvolutionGrid(tiling, filters, pixels),
    }));
  },
});
