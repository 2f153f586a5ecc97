import { UsageError } from '../../base/errors.ts';
import {
  convolutionGrid,
  convolutionInputGradientKernel,
  convolutionKernel,
  convolutionRounds,
} from '../../wgsl/training/convolution.ts';
import {
  convolutionKernelGradientGrid,
  convolutionKernelGradientKernel,
  convolutionKernelGradientRounds,
} from '../../wgsl/training/convolution-kernel-gradient.ts';
import type { Window } from '../../wgsl/training/window.ts';
import { elements } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor, TransientTensor } from '../plan/node.ts';
import { choiceOf } from '../tuning/candidates.ts';
import { kernelGradientTilings, trainingConvolutionTilings } from '../tuning/tilings.ts';
import { sumInChunks } from './chunks.ts';
import { channelsOf, type Padding, type Pictures, windowOver } from './pictures.ts';
import { matmul } from './product.ts';
import { requireRounds } from './require-rounds.ts';
import { described } from './shapes.ts';
import type { Tape } from './tape.ts';

/** How a convolution goes. */
export interface ConvolutionShape {
  /** What the columns of the input are. */
  readonly pictures: Pictures;
  readonly stride: number;
  readonly padding: Padding;
}

/** What the kernels of a convolution need to know: its window and its channels. */
type Sizes = Window & { readonly inputs: number; readonly outputs: number };

/**
 * Two-dimensional convolution without bias (cross-correlation, as TensorFlow's).
 * @param kernel `[ky, kx, in, out]`, as checkpoints store it
 * @param x `[in, pixels]`
 * @returns `[out, pixels of the output]`, see `picturesAfter`
 * @throws {UsageError} when kernel, channels and pictures do not fit each other.
 */
export function convolution(
  tape: Tape,
  kernel: GraphTensor,
  x: GraphTensor,
  shape: ConvolutionShape,
): GraphTensor {
  const { graph } = tape;
  const [kernelHeight, kernelWidth, inputs, outputs] = kernel.shape;
  if (kernel.shape.length !== 4 || channelsOf('convolution', x, shape.pictures) !== inputs) {
    throw new UsageError(
      `convolution: kernel ${described(kernel)} must be [ky, kx, in, out], in the rows of ${described(x)}.`,
    );
  }
  const window = windowOver('convolution', shape.pictures, { ...shape, kernelHeight, kernelWidth });
  if (isProduct(window)) return matmul(tape, kernel, x);
  const sizes: Sizes = { ...window, inputs, outputs };
  const pixels = window.pictures * window.out_height * window.out_width;
  const y = graph.tensor('convolution', [outputs, pixels]);
  recordConvolution(graph, 'convolution', sizes, { x, w: kernel, y });
  return tape.record(y, [kernel, x], (gradient) => [
    () => kernelGradient(graph, kernel, tape.again(x), gradient, sizes),
    () => inputGradient(graph, tape.again(kernel), x, gradient, sizes),
  ]);
}

/** Whether every output pixel sees the input pixel of its own place alone. */
function isProduct(window: Window): boolean {
  return window.kernel_height * window.kernel_width === 1 && window.stride === 1;
}

function inputGradient(
  graph: Graph,
  kernel: GraphTensor,
  x: GraphTensor,
  gradient: GraphTensor,
  sizes: Sizes,
): TransientTensor {
  const dx = graph.tensor(`${x.name} gradient`, x.shape);
  recordConvolution(graph, 'convolution gradient', sizes, { dy: gradient, w: kernel, dx });
  return dx;
}

/** Records a convolution or its gradient by its input, with the tiles that suit the device. */
function recordConvolution(
  graph: Graph,
  operation: 'convolution' | 'convolution gradient',
  sizes: Sizes,
  tensors: Readonly<Record<string, GraphTensor>>,
): void {
  const { gpu } = graph;
  const { pictures } = sizes;
  const [depth, channels, area, make] =
    operation === 'convolution'
      ? ([sizes.inputs, sizes.outputs, sizes.out_height * sizes.out_width, convolutionKernel] as const)
      : ([sizes.outputs, sizes.inputs, sizes.height * sizes.width, convolutionInputGradientKernel] as const);
  requireRounds(gpu, operation, convolutionRounds(sizes, depth));
  const tilings = trainingConvolutionTilings(gpu, { channels, pictures });
  const choice = choiceOf(gpu, dispatchOf(operation, sizes), tilings, (tiling) => ({
    kernel: make(tiling),
    grid: convolutionGrid(tiling, channels, { pictures, area }),
  }));
  graph.dispatchFastest(choice, sizes, tensors);
}

/** What the speed of a convolution depends on. */
function dispatchOf(operation: string, sizes: Sizes) {
  const { inputs, outputs, kernel_height, kernel_width, stride, pictures, height, width } = sizes;
  return {
    weight: `training ${operation} [${kernel_height}, ${kernel_width}, ${inputs}, ${outputs}]`,
    format: 'dense' as const,
    use: `${pictures} x ${height} x ${width} pixels, stride ${stride}`,
  };
}

function kernelGradient(
  graph: Graph,
  kernel: GraphTensor,
  x: GraphTensor,
  gradient: GraphTensor,
  sizes: Sizes,
): TransientTensor {
  const { outputs } = sizes;
  const dw = graph.tensor(`${kernel.name} gradient`, kernel.shape);
  const taps = elements(dw) / outputs;
  const pixels = sizes.pictures * sizes.out_height * sizes.out_width;
  const { gpu } = graph;
  const tilings = kernelGradientTilings(gpu, { rows: taps, columns: outputs });
  sumInChunks(graph, dw, pixels, (into, { chunks, depth }) => {
    const rounds = convolutionKernelGradientRounds(depth, sizes.pictures);
    requireRounds(gpu, 'convolution gradient', rounds);
    const choice = choiceOf(gpu, dispatchOf('kernel gradient', sizes), tilings, (tiling) => ({
      kernel: convolutionKernelGradientKernel(tiling),
      grid: convolutionKernelGradientGrid(tiling, chunks, taps, outputs),
    }));
    graph.dispatchFastest(choice, { ...sizes, chunks, chunk_terms: depth }, { x, dy: gradient, dw: into });
  });
  return dw;
}
