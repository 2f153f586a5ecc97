import type { OperandScheme } from '../../wgsl/depth-walk.ts';
import type { EntryScheme } from '../../wgsl/row-walk.ts';
import {
  type ConvolutionSize,
  type DenseConvolutionTiling,
  distinct,
  type KernelGradientTiling,
  type MatmulTiling,
  type ProductSize,
  type SparseConvolutionTiling,
  type SparseProductSize,
  type SpmmTiling,
  type StridedProductSize,
  type StridedProductTiling,
  type Tilings,
  type TrainingConvolutionSize,
  type TrainingConvolutionTiling,
} from './tiling.ts';

/*
 * Tilings for GPUs. Nothing tells a kernel how many lanes a device runs at a time; the defaults are for large ones, whose
 * multiprocessors want some thousand warps between them: where a result has fewer, lanes split its sums too. Where the bounds
 * lie was predicted from compiled kernels, not measured.
 */

/** vec4 of a sparse product's result up to which lanes split its rows, and from which on each lane has several vec4. */
const FEW_SPARSE = 1 << 15;
const SOME_SPARSE = 1 << 17;
const MANY_SPARSE = 1 << 18;

export function spmm({ rows, columns4, entries }: SparseProductSize): Tilings<SpmmTiling> {
  const along = (scheme: EntryScheme, lanesN: number, lanes: number, most: number): SpmmTiling => ({
    entries: scheme,
    lanesN,
    lanesM: Math.max(1, Math.floor(lanes / lanesN)),
    lanesK: 1,
    vectors: vectorsFor(columns4, lanesN, most),
    // Short, so that all lanes that split a row have some.
    block: 4,
    unrolled: scheme !== 'staged',
  });
  const split = (lanesN: number, lanes: number, lanesK: number) => ({
    ...along('split', lanesN, lanes / lanesK, 1),
    lanesK,
  });
  const [eight, sixteen] = [8, 16].map((most) => lanesAlong(columns4, most));
  // As many lanes as a row has blocks of 16 entries.
  const deep = Math.min(16, Math.max(4, 2 ** Math.round(Math.log2(entries / 16))));
  const splits = [
    split(sixteen, 128, deep),
    ...[4, 8, 16].filter((lanesK) => lanesK !== deep).map((lanesK) => split(sixteen, 128, lanesK)),
  ] as const;
  // The more rows meet the same few columns in a workgroup, the fewer rows of B come from beyond its cache.
  const [one, two, four] = [
    along('cached', eight, 256, 1),
    along('cached', eight, 128, 2),
    along('cached', eight, 256, 4),
  ];
  const small = along('cached', eight, 64, 1);
  const staged = along('staged', eight, 64, 4);
  const size = rows * columns4;
  if (size <= FEW_SPARSE) return distinct([...splits, small, one, two, four, staged]);
  if (size <= SOME_SPARSE) return distinct([one, two, small, four, staged, splits[0]]);
  return size < MANY_SPARSE
    ? distinct([two, one, four, small, staged, splits[0]])
    : distinct([four, two, one, small, staged, splits[0]]);
}

/** Tiles of 64 by 64 of a dense product's result up to which lanes split its sums, and up to which many lanes share one. */
const FEW_TILES = 80;
const SOME_TILES = 150;
const MANY_TILES = 300;

export function matmul({ rows, columns4 }: ProductSize): Tilings<MatmulTiling> {
  const along = (
    operands: OperandScheme,
    lanesN: number,
    lanes: number,
    tileRows: number,
    most: number,
  ): MatmulTiling => ({
    operands,
    lanesN,
    lanesM: Math.max(1, Math.floor(lanes / lanesN)),
    lanesK: 1,
    rows: tileRows,
    vectors: vectorsFor(columns4, lanesN, most),
    block: 16,
  });
  const split = (lanesN: number, lanes: number, lanesK: number, tileRows: number) => ({
    ...along('split', lanesN, lanes / lanesK, tileRows, 1),
    lanesK,
  });
  const [eight, sixteen] = [8, 16].map((most) => lanesAlong(columns4, most));
  const tiles = Math.ceil(rows / 64) * Math.ceil(columns4 / 16);
  const [deep, tall] = [split(eight, 128, 16, 2), split(eight, 128, 8, 4)];
  const cached = along('cached', sixteen, 128, 4, 1);
  // Up to 16 columns, as in greedy decoding or that of one sentence, there is no width to stage for.
  if (columns4 <= 4) {
    return [deep, split(eight, 128, 8, 2), tall, split(eight, 64, 8, 4), along('cached', eight, 64, 2, 1)];
  }
  const large = along('staged', eight, 64, 8, 2);
  const middle = along('staged', sixteen, 128, 4, 2);
  const small = along('staged', sixteen, 256, 4, 1);
  if (tiles <= FEW_TILES) return distinct([tall, deep, small, cached, middle, large]);
  if (tiles <= SOME_TILES) return distinct([small, tall, middle, large, cached]);
  return tiles <= MANY_TILES
    ? distinct([middle, large, small, cached, tall])
    : distinct([large, middle, small, cached, tall]);
}

export function stridedProduct({ rows, columns }: StridedProductSize): Tilings<StridedProductTiling> {
  const tiles = (
    operands: StridedProductTiling['operands'],
    lanesN: number,
    lanesM: number,
    side: number,
  ): StridedProductTiling => ({ operands, lanesN, lanesM, lanesK: 1, rows: side, columns: side });
  const [small, large] = [tiles('staged', 16, 16, 4), tiles('staged', 8, 8, 8)];
  const [cached, least] = [tiles('cached', 64, 1, 4), tiles('cached', 64, 1, 2)];
  // The heads of attention leave most lanes of a workgroup idle that stages for all.
  return Math.min(rows, columns) < 32 ? [cached, least, small] : [small, large, cached];
}

export function trainingConvolution({
  channels,
  pictures,
}: TrainingConvolutionSize): Tilings<TrainingConvolutionTiling> {
  const tiles = (rows: number, columns: number): TrainingConvolutionTiling => ({
    lanes: 64,
    rows: Math.min(rows, channels),
    columns: Math.min(columns, pictures),
    neighbours: 'pixels',
  });
  return distinct([tiles(8, 4), tiles(4, 4), tiles(8, 8), tiles(4, 2), tiles(8, 1)]);
}

/** @param size ky · kx · C rows, O columns */
export function kernelGradient({ rows, columns }: StridedProductSize): Tilings<KernelGradientTiling> {
  const tiles = (tileRows: number, tileColumns: number): KernelGradientTiling => ({
    lanes: 64,
    rows: Math.min(tileRows, rows),
    columns: Math.min(tileColumns, columns),
  });
  return distinct([tiles(4, 4), tiles(4, 8), tiles(8, 8), tiles(2, 4)]);
}

/** Pixels of a sparse convolution's result, times its filters, up to which lanes split its rows, and to which they take four. */
const FEW_SPARSE_PIXELS = 100_000;
const SOME_SPARSE_PIXELS = 1 << 19;

export function sparseConvolution({ filters, pixels }: ConvolutionSize): Tilings<SparseConvolutionTiling> {
  const inTurn = (
    entries: EntryScheme,
    lanesN: number,
    lanesM: number,
    columns: number,
    lanesK = 1,
  ): SparseConvolutionTiling => ({
    entries,
    lanesN,
    lanesM,
    lanesK,
    columns,
    deal: 'interleaved',
    unrolled: entries !== 'staged',
  });
  const splits = [
    inTurn('split', 32, 1, 2, 4),
    inTurn('split', 16, 1, 4, 8),
    inTurn('split', 32, 1, 2, 8),
  ] as const;
  // Eight pixels share what an entry costs besides them; many rows share what four read.
  const [eight, four, one] = [
    inTurn('cached', 32, 2, 8),
    inTurn('cached', 16, 16, 4),
    inTurn('cached', 64, 2, 1),
  ];
  const staged = inTurn('staged', 32, 4, 4);
  const size = filters * pixels;
  if (size <= FEW_SPARSE_PIXELS) return [...splits, four, one, eight, staged];
  return size <= SOME_SPARSE_PIXELS ? [four, ...splits, one, eight, staged] : [eight, four, staged, one];
}

/** Likewise of a dense convolution's, and up to which lanes take two pixels instead of four. */
const FEW_DENSE_PIXELS = 262_144;
const FEWEST_DENSE_PIXELS = 65_536;
/** From here on large tiles leave no lane idle. */
const MANY_DENSE_PIXELS = 1_000_000;

export function denseConvolution({ filters, pixels }: ConvolutionSize): Tilings<DenseConvolutionTiling> {
  const inTurn = (
    operands: OperandScheme,
    lanesN: number,
    lanesM: number,
    rows: number,
    columns: number,
    lanesK = 1,
  ): DenseConvolutionTiling => ({
    operands,
    lanesN,
    lanesM,
    lanesK,
    rows,
    columns,
    block: 64,
    deal: 'interleaved',
  });
  const [square, flat] = [inTurn('split', 16, 1, 4, 4, 8), inTurn('split', 32, 1, 4, 2, 8)];
  const large = inTurn('staged', 16, 8, 8, 4);
  const small = inTurn('staged', 32, 4, 4, 4);
  const smallest = inTurn('staged', 16, 8, 4, 4);
  const cached = inTurn('cached', 32, 4, 4, 2);
  const work = filters * pixels;
  if (work <= FEWEST_DENSE_PIXELS) return [flat, square, small, smallest, large, cached];
  if (work <= FEW_DENSE_PIXELS) return [square, flat, small, smallest, large, cached];
  return work < MANY_DENSE_PIXELS
    ? [small, smallest, large, square, flat, cached]
    : [large, small, smallest, cached, square, flat];
}

/** Lanes side by side along the columns: a power of two unless there are fewer than eight vec4. */
function lanesAlong(columns4: number, most: number): number {
  if (columns4 <= 4) return columns4;
  let lanes = Math.min(most, 8);
  while (lanes * 2 <= Math.min(most, columns4)) lanes *= 2;
  return lanes;
}

/** vec4 for each of so many lanes: up to `most`, as long as all lanes have columns. */
function vectorsFor(columns4: number, lanes: number, most: number): number {
  return Math.min(most, Math.max(1, Math.floor(columns4 / lanes)));
}
