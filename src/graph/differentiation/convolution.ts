import { UsageError } from '../../errors.ts';
import {
  convolutionGrid,
  convolutionInputGradientKernel,
  convolutionKernel,
} from '../../wgsl/training/convolution.ts';
import {
  convolutionKernelGradientGrid,
  convolutionKernelGradientKernel,
} from '../../wgsl/training/convolution-kernel-gradient.ts';
import type { Window } from '../../wgsl/training/window.ts';
import type { Graph } from '../graph.ts';
import type { GraphTensor, TransientTensor } from '../node.ts';
import { sumRows } from './formula.ts';
import { channelsOf, type Padding, type Pictures, windowOver } from './pictures.ts';
import { chunksOf, matmul } from './product.ts';
import { described } from './shapes.ts';
import type { Tape } from './tape.ts';

/** How a convolution goes. */
export interface ConvolutionShape {
  /** What the columns of the input are. */
  readonly pictures: Pictures;
  readonly stride: number;
  readonly padding: Padding;
}

/** Channels of a convolution. */
interface Channels {
  readonly inputs: number;
  readonly outputs: number;
}

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
  const channels = { inputs, outputs };
  const pixels = window.pictures * window.out_height * window.out_width;
  const y = graph.tensor('convolution', [outputs, pixels]);
  graph.dispatch(
    convolutionKernel(),
    convolutionGrid(outputs, pixels),
    { ...window, ...channels },
    { x, w: kernel, y },
  );
  return tape.record(y, [kernel, x], (gradient) => [
    () => kernelGradient(graph, kernel, x, gradient, window, channels),
    () => inputGradient(graph, kernel, x, gradient, window, channels),
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
  window: Window,
  channels: Channels,
): TransientTensor {
  const dx = graph.tensor(`${x.name} gradient`, x.shape);
  graph.dispatch(
    convolutionInputGradientKernel(),
    convolutionGrid(channels.inputs, window.pictures * window.height * window.width),
    { ...window, ...channels },
    { dy: gradient, w: kernel, dx },
  );
  return dx;
}

function kernelGradient(
  graph: Graph,
  kernel: GraphTensor,
  x: GraphTensor,
  gradient: GraphTensor,
  window: Window,
  channels: Channels,
): TransientTensor {
  const taps = window.kernel_height * window.kernel_width * channels.inputs;
  const pixels = window.pictures * window.out_height * window.out_width;
  const size = taps * channels.outputs;
  const chunks = chunksOf(size, pixels);
  const dw = graph.tensor(`${kernel.name} gradient`, kernel.shape);
  const into = chunks === 1 ? dw : graph.tensor(`${dw.name} in chunks`, [chunks, size]);
  graph.dispatch(
    convolutionKernelGradientKernel(),
    convolutionKernelGradientGrid(chunks, taps, channels.outputs),
    { ...window, ...channels, chunks, chunk_columns: Math.ceil(pixels / chunks) },
    { x, dy: gradient, dw: into },
  );
  if (chunks > 1) sumRows(graph, into, dw);
  return dw;
}
