import type { DenseConvolutionVariant } from '../../wgsl/dense-convolution.ts';
import type { OperandScheme } from '../../wgsl/depth-walk.ts';
import type { MatmulVariant } from '../../wgsl/matmul.ts';
import type { EntryScheme } from '../../wgsl/row-walk.ts';
import type { SparseConvolutionVariant } from '../../wgsl/sparse-convolution.ts';
import type { SpmmVariant } from '../../wgsl/spmm.ts';
import type { Gpu } from '../device/gpu.ts';

/*
 * How products and convolutions may be tiled on a device: what a tuner chooses among, the best guess without measuring first.
 * All tilings for one class of devices give equal bits, because they sum the same terms in the same blocks and order: what a
 * tuner chooses, and how many columns stand beside one, never changes a result. All stay within what every WebGPU device
 * allows: 256 invocations and 16 KiB in a workgroup.
 */

/** What the choice may depend on. */
export type Target = Pick<Gpu, 'deviceClass' | 'features'>;

/** The best guess first. */
export type Tilings<Tiling> = readonly [Tiling, ...Tiling[]];

export type SpmmTiling = Omit<SpmmVariant, 'fits' | 'packedColumns' | 'halfValues' | 'epilogue'>;
export type MatmulTiling = Omit<MatmulVariant, 'fits' | 'halfValues' | 'epilogue'>;
export type SparseConvolutionTiling = Omit<SparseConvolutionVariant, 'window' | 'halfValues' | 'epilogue'>;
export type DenseConvolutionTiling = Omit<DenseConvolutionVariant, 'window' | 'halfValues' | 'epilogue'>;

/** Up to 16 columns, as in greedy decoding or that of one sentence, lanes along N and M would leave a GPU idle. */
const FEW_COLUMNS4 = 4;

/** @param columns4 N / 4 */
export function spmmTilings({ deviceClass, features }: Target, columns4: number): Tilings<SpmmTiling> {
  if (deviceClass === 'cpu') {
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
  const along = (entries: EntryScheme, lanesN: number, lanes: number, most: number): SpmmTiling => ({
    entries,
    lanesN,
    lanesM: Math.max(1, Math.floor(lanes / lanesN)),
    lanesK: 1,
    vectors: vectorsFor(columns4, lanesN, most),
    // Short, so that all lanes that split a row have some.
    block: 4,
    unrolled: entries === 'cached' || entries === 'split',
  });
  if (columns4 <= FEW_COLUMNS4) {
    const split = (lanesK: number) => ({ ...along('split', columns4, 128 / lanesK, 1), lanesK });
    return [split(4), split(8), split(16), along('cached', columns4, 64, 1)];
  }
  const [eight, sixteen, thirtyTwo] = [8, 16, 32].map((most) => lanesAlong(columns4, most));
  const wide = columns4 >= 64 && columns4 % 32 === 0 ? 2 : 1;
  return distinct([
    along('cached', sixteen, 64, wide),
    { ...along('cached', sixteen, 64, wide), unrolled: false },
    along('staged', sixteen, 64, wide),
    ...(features.subgroups ? [along('subgroup', thirtyTwo, 64, wide)] : []),
    along('cached', eight, 64, 2),
    along('staged', eight, 64, 4),
    along('cached', thirtyTwo, 128, 1),
    along('cached', sixteen, 128, 4),
  ]);
}

/** @param columns4 N / 4 */
export function matmulTilings({ deviceClass }: Target, columns4: number): Tilings<MatmulTiling> {
  if (deviceClass === 'cpu') {
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
  const along = (
    operands: OperandScheme,
    lanesN: number,
    lanes: number,
    rows: number,
    most: number,
  ): MatmulTiling => ({
    operands,
    lanesN,
    lanesM: Math.max(1, Math.floor(lanes / lanesN)),
    lanesK: 1,
    rows,
    vectors: vectorsFor(columns4, lanesN, most),
    block: 16,
  });
  if (columns4 <= FEW_COLUMNS4) {
    const split = (lanes: number, lanesK: number, rows: number) => ({
      ...along('split', columns4, lanes / lanesK, rows, 1),
      lanesK,
    });
    return [
      split(128, 8, 2),
      split(128, 8, 1),
      split(64, 8, 4),
      split(128, 16, 2),
      along('cached', columns4, 64, 2, 1),
    ];
  }
  const [eight, sixteen] = [8, 16].map((most) => lanesAlong(columns4, most));
  return distinct([
    along('cached', sixteen, 128, 4, 2),
    along('staged', sixteen, 128, 4, 2),
    along('staged', sixteen, 256, 4, 1),
    along('staged', eight, 64, 8, 2),
    along('cached', sixteen, 64, 8, 2),
    along('cached', eight, 64, 8, 1),
    along('cached', sixteen, 128, 4, 1),
  ]);
}

/**
 * Most entries of a segment of the sparse convolution: those of one tap that are summed before they join the rest of their
 * row. A GPU gets short ones, so that all lanes that split a row have some; a software adapter nothing for what each costs.
 */
export function segmentLength({ deviceClass }: Pick<Target, 'deviceClass'>): number {
  return deviceClass === 'cpu' ? Number.POSITIVE_INFINITY : 32;
}

/** With fewer pixels, as the last layers of a ResNet have for few pictures, lanes along them and M leave a GPU idle. */
const FEW_PIXELS = 256;

/** @param pixels B · Y · X of the output */
export function sparseConvolutionTilings(
  { deviceClass, features }: Target,
  pixels: number,
): Tilings<SparseConvolutionTiling> {
  if (deviceClass === 'cpu') {
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
  const inTurn = (
    entries: EntryScheme,
    lanesN: number,
    lanesM: number,
    columns: number,
  ): SparseConvolutionTiling => ({
    entries,
    lanesN,
    lanesM,
    lanesK: 1,
    columns,
    deal: 'interleaved',
    unrolled: false,
  });
  const written = (tiling: SparseConvolutionTiling) => ({ ...tiling, unrolled: true });
  // Until one is measured: what waits at no barrier, and asks nothing of the compiler.
  if (pixels < FEW_PIXELS) {
    const split = (lanesN: number, lanesK: number, columns: number) =>
      written({ ...inTurn('split', lanesN, 1, columns), lanesK });
    return [
      inTurn('cached', 32, 2, 2),
      split(32, 4, 2),
      split(32, 8, 2),
      split(16, 8, 4),
      split(16, 16, 2),
      written(inTurn('cached', 64, 2, 1)),
      inTurn('staged', 32, 2, 2),
    ];
  }
  return [
    inTurn('cached', 32, 2, 4),
    written(inTurn('cached', 32, 2, 4)),
    inTurn('staged', 32, 2, 4),
    inTurn('staged', 32, 4, 4),
    ...(features.subgroups ? [inTurn('subgroup', 32, 2, 4)] : []),
    written(inTurn('cached', 64, 2, 2)),
    inTurn('cached', 32, 4, 8),
    inTurn('cached', 16, 4, 4),
  ];
}

/** @param pixels B · Y · X of the output */
export function denseConvolutionTilings(
  { deviceClass }: Target,
  pixels: number,
): Tilings<DenseConvolutionTiling> {
  if (deviceClass === 'cpu') {
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
  const inTurn = (
    operands: OperandScheme,
    lanesN: number,
    lanesM: number,
    rows: number,
    columns: number,
  ): DenseConvolutionTiling => ({
    operands,
    lanesN,
    lanesM,
    lanesK: 1,
    rows,
    columns,
    block: 64,
    deal: 'interleaved',
  });
  if (pixels < FEW_PIXELS) {
    const split = (lanesN: number, lanesK: number, rows: number, columns: number) => ({
      ...inTurn('split', lanesN, 1, rows, columns),
      lanesK,
    });
    return [
      inTurn('cached', 32, 4, 4, 2),
      split(32, 4, 4, 2),
      split(32, 8, 4, 2),
      split(16, 8, 4, 4),
      inTurn('staged', 32, 4, 4, 2),
      inTurn('staged', 16, 8, 4, 4),
      inTurn('cached', 16, 4, 8, 4),
    ];
  }
  return [
    inTurn('cached', 32, 4, 4, 4),
    inTurn('staged', 32, 4, 4, 4),
    inTurn('staged', 32, 8, 4, 4),
    inTurn('staged', 16, 8, 8, 4),
    inTurn('cached', 32, 8, 4, 4),
    inTurn('cached', 32, 2, 8, 4),
    inTurn('cached', 16, 4, 8, 8),
  ];
}

/** Each tiling once, the first where it is. */
function distinct<Tiling>([first, ...others]: Tilings<Tiling>): Tilings<Tiling> {
  const seen = new Set([JSON.stringify(first)]);
  const isNew = (tiling: Tiling) => seen.size < seen.add(JSON.stringify(tiling)).size;
  return [first, ...others.filter(isNew)];
}

/** Lanes side by side along the columns: a power of two unless there are fewer than eight vec4. */
function lanesAlong(columns4: number, most: number): number {
  if (columns4 <= 4) return columns4;
  let lanes = 8;
  while (lanes * 2 <= Math.min(most, columns4)) lanes *= 2;
  return lanes;
}

/** vec4 for each of so many lanes: up to `most`, as long as all lanes have columns. */
function vectorsFor(columns4: number, lanes: number, most: number): number {
  return Math.min(most, Math.max(1, Math.floor(columns4 / lanes)));
}

/** The largest width up to `most` that divides the columns, else one whose ragged last tile is nearly full. */
function widthFor(columns: number, most: number): number {
  for (let width = Math.min(most, columns); width > most / 2; width--)
    if (columns % width === 0) return width;
  return Math.ceil(columns / Math.ceil(columns / most));
}
