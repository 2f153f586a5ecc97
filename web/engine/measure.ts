import {
  type ComparisonRun,
  compareFormats,
  type FormatComparison,
  type FormatResult,
  ratioMeans,
} from '../../bench/comparison/compare-formats.ts';
import { convolutionComparison, productComparison } from '../../bench/comparison/layer-comparisons.ts';
import { convolutionLayers, productShapes } from '../../bench/comparison/layers.ts';
import { randomMatrices } from '../../bench/comparison/matrices.ts';
import { measurePeak } from '../../bench/comparison/peak.ts';
import { ROUNDS, type Scale } from '../../bench/comparison/scale.ts';
import type { Gpu } from '../../src/browser.ts';
import type { Measurement, MeasurementProgress } from './protocol.ts';

/** Measures layers of the paper's models, sparse against dense, with zeros anywhere. */
export async function measureFormats(
  gpu: Gpu,
  scale: Scale,
  tell: (progress: MeasurementProgress) => void,
  signal: AbortSignal,
): Promise<Measurement> {
  const layers = { products: products(scale), convolutions: convolutions(scale) };
  const total = layers.products.length + layers.convolutions.length;
  const rounds = { ...ROUNDS[scale], signal };
  tell({ done: 0, total, layer: 'the peak of the device', results: [] });
  const run = { gpu, rounds, peak: await measurePeak(gpu, rounds) };
  let done = 0;
  const all = async (named: readonly NamedComparison[]) => {
    const results: FormatResult[] = [];
    for (const { name, comparison } of named) {
      tell({ done, total, layer: name, results: [] });
      const compared = await compareFormats(run satisfies ComparisonRun, comparison());
      results.push(...compared);
      done++;
      tell({ done, total, layer: name, results: compared });
    }
    return results;
  };
  const results = { products: await all(layers.products), convolutions: await all(layers.convolutions) };
  return {
    adapter: gpu.describe(),
    runtime: gpu.adapter.runtime,
    peakGflops: run.peak.gflops,
    ...results,
    geomean: { products: ratioMeans(results.products), convolutions: ratioMeans(results.convolutions) },
  };
}

/** A comparison that is made when its turn comes: its matrices are large. */
interface NamedComparison {
  readonly name: string;
  comparison(): FormatComparison;
}

function products(scale: Scale): NamedComparison[] {
  return productShapes(scale).map((shape) => ({
    name: shape.name,
    comparison: () => productComparison(shape, randomMatrices(shape)),
  }));
}

function convolutions(scale: Scale): NamedComparison[] {
  return convolutionLayers(scale).map(({ layer }) => ({
    name: layer.name,
    comparison: () => convolutionComparison(layer, randomMatrices(layer)),
  }));
}
