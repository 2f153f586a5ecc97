import { Scope } from '../../src/graph/device/scope.ts';
import { convolution } from '../../src/graph/differentiation/convolution.ts';
import { multiply } from '../../src/graph/differentiation/elementwise.ts';
import { matmul } from '../../src/graph/differentiation/product.ts';
import { sum } from '../../src/graph/differentiation/reductions.ts';
import { Tape } from '../../src/graph/differentiation/tape.ts';
import type { Gpu } from '../../src/graph/open-gpu.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import type { GraphTensor } from '../../src/graph/plan/node.ts';
import { cosines } from '../comparison/layer-comparisons.ts';
import type { Scale } from '../comparison/scale.ts';
import { passCost } from './step-profile.ts';

/** A step of training a layer: its output, the gradients of its weights and of its input. */
export interface LayerResult {
  readonly name: string;
  /** Of the processor on a software adapter, of the device elsewhere; the least of the rounds. */
  readonly ms: number;
  /** 10^9 additions and multiplications a second, of all three. */
  readonly gflops: number;
}

interface TrainedLayer {
  readonly name: string;
  /** As checkpoints store it: `[in, out]`, or `[ky, kx, in, out]`. */
  readonly kernel: readonly number[];
  /** `[in, columns]` */
  readonly columns: number;
  /** Of a convolution, whose columns are the pixels of so many square pictures. */
  readonly pictures?: { readonly count: number; readonly side: number; readonly stride: number };
}

/** Layers of the paper's models. */
function layersOf(scale: Scale): readonly TrainedLayer[] {
  if (scale === 'smoke') return [{ name: 'smoke', kernel: [8, 12], columns: 16 }];
  const pictures = (count: number, side: number, stride = 1) => ({
    columns: count * side ** 2,
    pictures: { count, side, stride },
  });
  const layers: readonly TrainedLayer[] = [
    { name: 'attention, 512 tokens', kernel: [512, 512], columns: 512 },
    { name: 'feed-forward, 512 tokens', kernel: [512, 2048], columns: 512 },
    { name: 'ResNet-50, 3×3 of group 2, 8 pictures', kernel: [3, 3, 128, 128], ...pictures(8, 28) },
    { name: 'ResNet-50, 3×3 of group 4, 8 pictures', kernel: [3, 3, 512, 512], ...pictures(8, 7) },
    { name: 'ResNet-50, 7×7, 1 picture', kernel: [7, 7, 3, 64], ...pictures(1, 224, 2) },
  ];
  return layers;
}

/** Times the layers one after the other. */
export async function measureLayers(gpu: Gpu, scale: Scale, rounds: number): Promise<LayerResult[]> {
  const results: LayerResult[] = [];
  for (const layer of layersOf(scale)) results.push(await measureLayer(gpu, layer, rounds));
  return results;
}

async function measureLayer(gpu: Gpu, layer: TrainedLayer, rounds: number): Promise<LayerResult> {
  const { name, kernel: shape, columns, pictures } = layer;
  using scope = new Scope(gpu);
  const graph = new Graph(gpu, name);
  const tape = new Tape(graph);
  const filled = (what: string, extents: readonly number[]): GraphTensor =>
    scope.upload(what, extents, cosines(extents.reduce((product, extent) => product * extent, 1)));
  const kernel = filled('kernel', shape);
  const x = filled('x', [shape.at(-2)!, columns]);
  const y = pictures
    ? convolution(tape, kernel, x, {
        pictures: { count: pictures.count, height: pictures.side, width: pictures.side },
        stride: pictures.stride,
        padding: 'same',
      })
    : matmul(tape, kernel, x);
  tape.gradients(sum(tape, multiply(tape, y, filled('gradient', y.shape))), [kernel, x]);
  using plan = await graph.plan();
  // Drivers compile at the first run.
  await passCost(gpu, plan.encode);
  let ms = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) ms = Math.min(ms, await passCost(gpu, plan.encode));
  const products = shape.reduce((product, extent) => product * extent, 1) * y.shape[1];
  return { name, ms, gflops: (3 * 2 * products) / ms / 1e6 };
}
