import type { Gpu } from '../device/gpu.ts';
import * as cpu from './cpu-tilings.ts';
import * as gpu from './gpu-tilings.ts';
import type {
  ConvolutionSize,
  DenseConvolutionTiling,
  KernelGradientTiling,
  MatmulTiling,
  ProductSize,
  SparseConvolutionTiling,
  SparseProductSize,
  SpmmTiling,
  StridedProductSize,
  StridedProductTiling,
  Tilings,
  TrainingConvolutionSize,
  TrainingConvolutionTiling,
} from './tiling.ts';

/*
 * How products and convolutions may be tiled on a device: what a tuner chooses among, the best guess without measuring first.
 * All tilings for one class of devices give equal bits, because they sum the same terms in the same blocks and order: what a
 * tuner chooses, and how many columns stand beside one, never changes a result. All stay within what every WebGPU device
 * allows: 256 invocations and 16 KiB in a workgroup.
 */

/** What the choice may depend on. */
export type Target = Pick<Gpu, 'deviceClass' | 'features'>;

export function spmmTilings({ deviceClass }: Target, size: SparseProductSize): Tilings<SpmmTiling> {
  return deviceClass === 'cpu' ? cpu.spmm(size.columns4) : gpu.spmm(size);
}

export function matmulTilings({ deviceClass }: Target, size: ProductSize): Tilings<MatmulTiling> {
  return deviceClass === 'cpu' ? cpu.matmul(size.columns4) : gpu.matmul(size);
}

export function stridedProductTilings(
  { deviceClass }: Target,
  size: StridedProductSize,
): Tilings<StridedProductTiling> {
  return deviceClass === 'cpu' ? cpu.stridedProduct(size) : gpu.stridedProduct(size);
}

export function trainingConvolutionTilings(
  { deviceClass }: Target,
  size: TrainingConvolutionSize,
): Tilings<TrainingConvolutionTiling> {
  return deviceClass === 'cpu' ? cpu.trainingConvolution(size) : gpu.trainingConvolution(size);
}

/** @param size ky · kx · C rows, O columns */
export function kernelGradientTilings(
  { deviceClass }: Target,
  size: StridedProductSize,
): Tilings<KernelGradientTiling> {
  return deviceClass === 'cpu' ? cpu.kernelGradient(size) : gpu.kernelGradient(size);
}

export function sparseConvolutionTilings(
  { deviceClass }: Target,
  size: ConvolutionSize,
): Tilings<SparseConvolutionTiling> {
  return deviceClass === 'cpu' ? cpu.sparseConvolution(size.pixels) : gpu.sparseConvolution(size);
}

export function denseConvolutionTilings(
  { deviceClass }: Target,
  size: ConvolutionSize,
): Tilings<DenseConvolutionTiling> {
  return deviceClass === 'cpu' ? cpu.denseConvolution(size.pixels) : gpu.denseConvolution(size);
}

/**
 * Most entries of a segment of the sparse convolution: those of one tap that are summed before they join the rest of their
 * row. A GPU gets short ones, so that all lanes that split a row have some; a software adapter nothing for what each costs.
 */
export function segmentLength({ deviceClass }: Pick<Target, 'deviceClass'>): number {
  return deviceClass === 'cpu' ? Number.POSITIVE_INFINITY : 32;
}
