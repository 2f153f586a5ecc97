import { product } from '../src/graph/operations/operations.ts';
import { uploadWeight } from '../src/graph/weights/weight.ts';
import { runBench } from './support/bench.ts';
import {
  compareFormats,
  type FormatResult,
  ratioMeans,
  startFormatTable,
} from './support/compare-formats.ts';
import { productShapes } from './support/layers.ts';
import { benchMatrix, SPARSITIES } from './support/patterns.ts';

/*
 * Sparse product against our dense product, on all shapes of both models, with the patterns of the paper's checkpoints.
 *
 *     npm run bench -- spmm [--quick] [--json]
 */

await runBench('spmm', async (run) => {
  const print = startFormatTable(run.say);
  const results: FormatResult[] = [];
  for (const shape of productShapes(run.scale)) {
    const { name, rows, cols, n } = shape;
    const compared = await compareFormats(run, {
      name,
      n,
      matrices: await Promise.all(SPARSITIES.map((sparsity) => benchMatrix(shape, sparsity))),
      record(graph, scope, matrix, format) {
        const weight = uploadWeight(scope, name, matrix, { format });
        const b = scope.upload(
          'B',
          [cols, n],
          Float32Array.from({ length: cols * n }, (_, i) => Math.cos(i)),
        );
        product(graph, weight, b, { into: scope.tensor('C', [rows, n]) });
      },
    });
    compared.forEach(print);
    results.push(...compared);
  }
  return { results, geomean: ratioMeans(results, run.say) };
});
