import { geometricMean } from '../src/base/geometric-mean.ts';
import { Scope } from '../src/graph/device/scope.ts';
import { product } from '../src/graph/operations/operations.ts';
import { Graph } from '../src/graph/plan/graph.ts';
import { uploadWeight } from '../src/graph/weights/weight.ts';
import { cosines } from './comparison/layer-comparisons.ts';
import { type ProductShape, productShapes } from './comparison/layers.ts';
import { randomMatrix } from './comparison/matrices.ts';
import { measure } from './comparison/measure.ts';
import { type BenchRun, runBench } from './support/bench.ts';
import { withSpread } from './support/format-table.ts';
import { startTable } from './support/table.ts';

/*
 * Our dense product on the shapes of both models, as a share of what the device does at best: what sparse kernels are
 * compared with is worth that much.
 *
 *     npm run bench -- dense [--quick] [--json]
 */

interface DenseResult {
  readonly name: string;
  readonly n: number;
  readonly variant: string;
  readonly ms: number;
  readonly gflops: number;
  readonly ratioToPeak: number;
  readonly spread: number;
}

await runBench('dense', async (run) => {
  const print = startTable<DenseResult>(run.say, [
    { heading: 'product', width: 72, align: 'left', cell: ({ name }) => name },
    { heading: 'N', width: 6, cell: ({ n }) => String(n) },
    { heading: 'ms', width: 17, cell: ({ ms, spread }) => withSpread(ms, spread) },
    { heading: 'GFLOP/s', width: 8, cell: ({ gflops }) => gflops.toFixed(2) },
    { heading: '% of peak', width: 9, cell: ({ ratioToPeak }) => (100 * ratioToPeak).toFixed(1) },
    { heading: 'kernel', width: 0, align: 'left', cell: ({ variant }) => variant },
  ]);
  const results: DenseResult[] = [];
  for (const shape of productShapes(run.scale)) {
    const result = await timeProduct(run, shape);
    print(result);
    results.push(result);
  }
  const ratioToPeak = geometricMean(results.map((result) => result.ratioToPeak));
  run.say(`\ngeometric mean: ${(100 * ratioToPeak).toFixed(1)} % of the measured peak`);
  return { results, geomean: { ratioToPeak } };
});

async function timeProduct(
  { gpu, peak, rounds }: BenchRun,
  { name, rows, cols, n }: ProductShape,
): Promise<DenseResult> {
  using scope = new Scope(gpu);
  const weight = uploadWeight(scope, name, randomMatrix(rows, cols, 0), { format: 'dense' });
  const b = scope.upload('B', [cols, n], cosines(cols * n));
  const graph = new Graph(gpu, name);
  product(graph, weight, b, { into: scope.tensor('C', [rows, n]) });
  using plan = await graph.plan();
  const [{ ms, spread }] = await measure(gpu, [plan], rounds);
  const gflops = (2 * rows * cols * n) / ms / 1e6;
  return {
    name: `${name} [${rows}, ${cols}]`,
    n,
    variant: plan.kernels.join(' + '),
    ms,
    gflops,
    ratioToPeak: gflops / peak.gflops,
    spread,
  };
}
