import {
  type DenseConvolutionTiling,
  distinct,
  type KernelGradientTiling,
  type MatmulTiling,
  type SparseConvolutionTiling,
  type SpmmTiling,
  type StridedProductSize,
  type StridedProductTiling,
  type Tilings,
  type TrainingConvolutionSize,
  type TrainingConvolutionTiling,
} from './tiling.ts';

/* Tilings for software adapters; their defaults were measured. */

/** @param columns4 N / 4 */
export function spmm(columns4: number): Tilings<SpmmTiling> {
  const runs = (lanesM: number, most: number): SpmmTiling => ({
    entries: 'cached',
    lanesN: 1,
    lanesM,
    lanesK: 1,
    vectors: widthFor(columns4, most),
    // Shorter blocks cost a software adapter a quarter of its speed.
    block: 16,
    unrolled: false,
  });
  return distinct([runs(32, 8), runs(8, 8), runs(32, 4), runs(32, 16)]);
}

/** @param columns4 N / 4 */
export function matmul(columns4: number): Tilings<MatmulTiling> {
  const runs = (rows: number, most: number): MatmulTiling => ({
    operands: 'cached',
    lanesN: 1,
    lanesM: 4,
    lanesK: 1,
    rows,
    vectors: widthFor(columns4, most),
    block: undefined,
  });
  // Two vec4 are as fast as four, nearly, and compiled in half the time.
  return distinct([runs(16, 2), runs(16, 4), runs(8, 4), runs(8, 8)]);
}

export function stridedProduct({ rows, columns }: StridedProductSize): Tilings<StridedProductTiling> {
  const tiles = (tileRows: number, tileColumns: number): StridedProductTiling => ({
    operands: 'cached',
    lanesN: 16,
    lanesM: 1,
    lanesK: 1,
    rows: Math.min(tileRows, rows),
    columns: Math.min(tileColumns, columns),
  });
  // Twice as fast as tiles of 4 by 4; larger ones gain nothing, and take long to compile.
  return distinct([tiles(sideFor(rows), sideFor(columns)), tiles(8, 8), tiles(16, 8), tiles(4, 4)]);
}

export function trainingConvolution({
  channels,
  pictures,
}: TrainingConvolutionSize): Tilings<TrainingConvolutionTiling> {
  const tiles = (rows: number, columns: number): TrainingConvolutionTiling => ({
    lanes: 16,
    rows: Math.min(rows, channels),
    columns: Math.min(columns, pictures),
    neighbours: 'pictures',
  });
  return distinct([tiles(sideFor(channels), sideFor(pictures)), tiles(8, 8), tiles(16, 4), tiles(4, 4)]);
}

/** @param size ky · kx · C rows, O columns */
export function kernelGradient({ rows, columns }: StridedProductSize): Tilings<KernelGradientTiling> {
  const tiles = (tileRows: number, tileColumns: number): KernelGradientTiling => ({
    lanes: 16,
    rows: Math.min(tileRows, rows),
    columns: Math.min(tileColumns, columns),
  });
  return distinct([tiles(8, sideFor(columns)), tiles(8, 8), tiles(4, 16), tiles(4, 4)]);
}

/** The side of tiles that divides an extent, if one of about 8 does: ragged ones have to guard what they store. */
function sideFor(extent: number): number {
  return [8, 10, 9, 7, 6].find((side) => extent % side === 0) ?? Math.ceil(extent / Math.ceil(extent / 8));
}

/** @param pixels B · Y · X of the output */
export function sparseConvolution(pixels: number): Tilings<SparseConvolutionTiling> {
  // Four lanes in step share a row: rows have their entries in different taps, and would wait for each other.
  const runs = (lanesM: number, most: number): SparseConvolutionTiling => ({
    entries: 'cached',
    lanesN: 4,
    lanesM,
    lanesK: 1,
    columns: widthFor(Math.ceil(pixels / 4), most),
    deal: 'runs',
    unrolled: false,
  });
  return distinct([runs(8, 28), runs(2, 28), runs(8, 20)]);
}

/** @param pixels B · Y · X of the output */
export function denseConvolution(pixels: number): Tilings<DenseConvolutionTiling> {
  const runs = (rows: number, most: number): DenseConvolutionTiling => ({
    operands: 'cached',
    lanesN: 1,
    lanesM: 4,
    lanesK: 1,
    rows,
    columns: widthFor(pixels, most),
    block: undefined,
    deal: 'runs',
  });
  return distinct([runs(8, 16), runs(16, 16), runs(16, 8)]);
}

/** The largest width up to `most` that divides the columns, else one whose ragged last tile is nearly full. */
function widthFor(columns: number, most: number): number {
  for (let width = Math.min(most, columns); width > most / 2; width--)
    if (columns % width === 0) return width;
  return Math.ceil(columns / Math.ceil(columns / most));
}
