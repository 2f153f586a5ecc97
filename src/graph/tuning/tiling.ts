import type { DenseConvolutionVariant } from '../../wgsl/dense-convolution.ts';
import type { MatmulVariant } from '../../wgsl/matmul.ts';
import type { SparseConvolutionVariant } from '../../wgsl/sparse-convolution.ts';
import type { SpmmVariant } from '../../wgsl/spmm.ts';
import type { TrainingConvolutionVariant } from '../../wgsl/training/convolution.ts';
import type { KernelGradientVariant } from '../../wgsl/training/convolution-kernel-gradient.ts';
import type { StridedProductVariant } from '../../wgsl/training/strided-product.ts';

/*
 * A tiling is what a kernel has to choose in how it does its work; what the work is comes with each dispatch.
 */

export type SpmmTiling = Omit<SpmmVariant, 'fits' | 'packedColumns' | 'halfValues' | 'epilogue'>;
export type MatmulTiling = Omit<MatmulVariant, 'fits' | 'halfValues' | 'epilogue'>;
export type SparseConvolutionTiling = Omit<SparseConvolutionVariant, 'window' | 'halfValues' | 'epilogue'>;
export type DenseConvolutionTiling = Omit<DenseConvolutionVariant, 'window' | 'halfValues' | 'epilogue'>;

export type StridedProductTiling = Omit<StridedProductVariant, 'fits'>;
export type TrainingConvolutionTiling = TrainingConvolutionVariant;
export type KernelGradientTiling = KernelGradientVariant;

/** The best guess first. */
export type Tilings<Tiling> = readonly [Tiling, ...Tiling[]];

/** A product, as far as its tiles depend on it. */
export interface ProductSize {
  /** M */
  readonly rows: number;
  /** N / 4 */
  readonly columns4: number;
}

/** One of a sparse matrix. */
export interface SparseProductSize extends ProductSize {
  /** Entries of a row, on average. */
  readonly entries: number;
}

/** One of matrices that lie anyhow. */
export interface StridedProductSize {
  /** M */
  readonly rows: number;
  /** N */
  readonly columns: number;
}

/** A convolution in training, or its gradient by its input. */
export interface TrainingConvolutionSize {
  /** Channels that are computed. */
  readonly channels: number;
  readonly pictures: number;
}

/** A convolution likewise. */
export interface ConvolutionSize {
  readonly filters: number;
  /** B · Y · X of the output */
  readonly pixels: number;
}

/** Each tiling once, the first where it is. */
export function distinct<Tiling>([first, ...others]: Tilings<Tiling>): Tilings<Tiling> {
  const seen = new Set([JSON.stringify(first)]);
  const isNew = (tiling: Tiling) => seen.size < seen.add(JSON.stringify(tiling)).size;
  return [first, ...others.filter(isNew)];
}
