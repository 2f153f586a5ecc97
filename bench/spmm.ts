import { compareFormats, type FormatResult } from './comparison/compare-formats.ts';
import { productComparison } from './comparison/layer-comparisons.ts';
import { productShapes } from './comparison/layers.ts';
import { SPARSITIES } from './comparison/matrices.ts';
import { runBench } from './support/bench.ts';
import { sayRatioMeans, startFormatTable } from './support/format-table.ts';
import { benchMatrix } from './support/patterns.ts';

/*
 * Sparse product against our dense product, on all shapes of both models, with the patterns of the paper's checkpoints.
 *
 *     npm run bench -- spmm [--quick] [--json]
 */

await runBench('spmm', async (run) => {
  const print = startFormatTable(run.say);
  const results: FormatResult[] = [];
  for (const shape of productShapes(run.scale)) {
    const matrices = await Promise.all(SPARSITIES.map((sparsity) => benchMatrix(shape, sparsity)));
    const compared = await compareFormats(run, productComparison(shape, matrices));
    compared.forEach(print);
    results.push(...compared);
  }
  return { results, geomean: sayRatioMeans(results, run.say) };
});
