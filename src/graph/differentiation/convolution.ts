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
  requireRounds(graph.gpu, 'convolution', convolutionRounds(sizes, inputs));
  const y = graph.tensor('convolution', [outputs, pixels]);
  graph.dispatch(convolutionKernel(), convolutionGrid(outputs, pixels), sizes, { x, w: kernel, y });
  return tape.record(y, [kernel, x], (gradient) => [
    () => kernelGradient(graph, kernel, x, gradient, sizes),
    () => inputGradient(graph, kernel, x, gradient, sizes),
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
  requireRounds(graph.gpu, 'convolution gradient', convolutionRounds(sizes, sizes.outputs));
  const dx = graph.tensor(`${x.name} gradient`, x.shape);
  graph.dispatch(
    convolutionInputGradientKernel(),
    convolutionGrid(sizes.inputs, sizes.pictures * sizes.height * sizes.width),
    sizes,
    { dy: gradient, w: kernel, dx },
  );
  return dx;
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
  sumInChunks(graph, dw, pixels, (into, { chunks, depth }) => {
    requireRounds(graph.gpu, 'convolution gradient', convolutionKernelGradientRounds(depth));
    graph.dispatch(
      convolutionKernelGradientKernel(),
      convolutionKernelGradientGrid(chunks, taps, outputs),
      { ...sizes, chunks, chunk_columns: depth },
      { x, dy: gradient, dw: into },
    );
  });
  return dw;
}
