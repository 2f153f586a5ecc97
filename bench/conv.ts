import { compareFormats, type FormatResult } from './comparison/compare-formats.ts';
import { convolutionComparison } from './comparison/layer-comparisons.ts';
import { convolutionLayers } from './comparison/layers.ts';
import { SPARSITIES } from './comparison/matrices.ts';
import { runBench } from './support/bench.ts';
import { sayRatioMeans, startFormatTable } from './support/format-table.ts';
import { benchMatrix } from './support/patterns.ts';

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
  for (const { layer, count } of convolutionLayers(run.scale)) {
    const matrices = await Promise.all(SPARSITIES.map((sparsity) => benchMatrix(layer, sparsity)));
    const compared = await compareFormats(run, convolutionComparison(layer, matrices));
    compared.forEach(print);
    results.push(...compared.map((result) => ({ ...result, count })));
  }
  const geomean = sayRatioMeans(results, run.say);
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
