import { convolution, pictureColumns } from '../src/graph/operations/convolution-operations.ts';
import { uploadConvolution } from '../src/graph/weights/convolution-weight.ts';
import { type ResNetLayerShape, resnetLayers } from '../src/models/full-size/resnet-layers.ts';
import { runBench, type Scale } from './support/bench.ts';
import {
  compareFormats,
  type FormatResult,
  ratioMeans,
  startFormatTable,
} from './support/compare-formats.ts';
import { resnetSize } from './support/layers.ts';
import { benchMatrix, SPARSITIES } from './support/patterns.ts';

/*
 * Sparse against dense convolution: the 53 convolutions and the final dense layer of ResNet-50 at the size they have for
 * one picture, with the patterns of the paper's checkpoints. Quickly, layers of the same shape are timed once and counted
 * as often as there are; only their patterns differ.
 *
 *     npm run bench -- conv [--quick] [--json]
 */

/** All layers of the network together, at one sparsity. */
interface Total {
  readonly ms: number;
  readonly denseMs: number;
  readonly ratio: number;
}

await runBench('conv', async (run) => {
  const print = startFormatTable(run.say);
  const results: (FormatResult & { count: number })[] = [];
  const layers = resnetLayers(resnetSize(run.scale));
  for (const { layer, count } of chosen(layers, run.scale)) {
    const { name, channels, window, side, outSide } = layer;
    const input = { batch: 1, height: side, width: side };
    const columns = pictureColumns(input);
    const compared = await compareFormats(run, {
      name,
      n: outSide ** 2,
      matrices: await Promise.all(SPARSITIES.map((sparsity) => benchMatrix(layer, sparsity))),
      record(graph, scope, matrix, format) {
        const weight = uploadConvolution(scope, name, matrix, window, { format });
        const pixels = Float32Array.from({ length: channels * columns }, (_, i) => Math.cos(i));
        const tensor = scope.upload('pictures', [channels, columns], pixels);
        convolution(graph, weight, { tensor, ...input });
      },
    });
    compared.forEach(print);
    results.push(...compared.map((result) => ({ ...result, count })));
  }
  const geomean = ratioMeans(results, run.say);
  const total = Object.fromEntries(SPARSITIES.map((sparsity) => [sparsity, totalAt(Number(sparsity))]));
  for (const [sparsity, { ms, denseMs, ratio }] of Object.entries(total)) {
    run.say(
      `all layers at ${100 * Number(sparsity)} %: ${ms.toFixed(1)} ms, dense ${denseMs.toFixed(1)} ms, ` +
        `${ratio.toFixed(2)} times as fast`,
    );
  }
  return { results, geomean, total };

  function totalAt(sparsity: number): Total {
    const own = results.filter((result) => result.sparsity === sparsity);
    const ms = own.reduce((sum, { ms, count }) => sum + ms * count, 0);
    const denseMs = own.reduce((sum, { denseMs, count }) => sum + denseMs * count, 0);
    return { ms, denseMs, ratio: denseMs / ms };
  }
});

/** A layer, and how many there are of its kind. */
interface Counted {
  readonly layer: ResNetLayerShape;
  readonly count: number;
}

function chosen(layers: readonly ResNetLayerShape[], scale: Scale): Counted[] {
  if (scale === 'full') return layers.map((layer) => ({ layer, count: 1 }));
  const shapes = new Map<string, { layer: ResNetLayerShape; count: number }>();
  for (const layer of layers) {
    const { rows, cols, window, side } = layer;
    const shape = [rows, cols, window.size, window.stride, side].join();
    const first = shapes.get(shape);
    if (first) first.count++;
    else shapes.set(shape, { layer, count: 1 });
  }
  return [...shapes.values()].slice(...(scale === 'smoke' ? [1, 3] : []));
}
