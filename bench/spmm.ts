import { parseArgs } from 'node:util';
import { openGpu } from '../src/graph/device.ts';
import type { Gpu } from '../src/graph/gpu.ts';
import { Graph } from '../src/graph/graph.ts';
import { product } from '../src/graph/operations.ts';
import { Scope } from '../src/graph/scope.ts';
import { uploadWeight } from '../src/graph/weight.ts';
import { geometricMean, measure, type Timing } from './support/measure.ts';
import { type BenchMatrix, benchMatrices, hasCollection } from './support/patterns.ts';

/*
 * Sparse product against our dense product, on the patterns of the paper's checkpoints.
 *
 *     npm run bench -- spmm [--quick] [--json]
 */

/** One row of the table. */
interface Result {
  readonly name: string;
  readonly sparsity: number;
  /** Columns of the dense operand. */
  readonly n: number;
  readonly variant: string;
  readonly denseVariant: string;
  readonly ms: number;
  readonly denseMs: number;
  /** Dense time over sparse time. */
  readonly ratio: number;
  /** Additions and multiplications with kept weights. */
  readonly gflops: number;
  readonly denseGflops: number;
  readonly spread: number;
}

const SPARSITIES = ['0.7', '0.9', '0.98'];

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});

const gpu = await openGpu({ timestamps: true });
const say = (line: string) => {
  if (!options.json) console.log(line);
};
say(
  `${gpu.describe()}\n${hasCollection() ? 'patterns of the Deep Learning Matrix Collection' : 'random patterns'}\n`,
);
say(columns('matrix', 'sparsity', 'N', 'sparse ms', 'dense ms', 'ratio', 'GFLOP/s', 'dense', 'spread'));
const results: Result[] = [];
for (const sparsity of SPARSITIES) {
  for (const matrix of await benchMatrices(sparsity, options.quick)) {
    const result = await compare(gpu, matrix, options.quick ? 400 : 2000);
    results.push(result);
    const { name, n, ms, denseMs, ratio, gflops, denseGflops, spread } = result;
    const numbers = [
      ms.toFixed(3),
      denseMs.toFixed(3),
      ratio.toFixed(2),
      gflops.toFixed(2),
      denseGflops.toFixed(2),
    ];
    say(columns(name, sparsity, String(n), ...numbers, `${(100 * spread).toFixed(0)} %`));
  }
}
const geomean = Object.fromEntries(
  SPARSITIES.map((sparsity) => [
    sparsity,
    geometricMean(results.filter((result) => result.sparsity === Number(sparsity)).map(({ ratio }) => ratio)),
  ]),
);
for (const [sparsity, mean] of Object.entries(geomean)) {
  say(`\ngeometric mean at ${100 * Number(sparsity)} %: ${mean.toFixed(2)} times our dense product`);
}
if (options.json) {
  const { adapter } = gpu;
  console.log(
    JSON.stringify({ adapter: gpu.describe(), runtime: adapter.runtime, results, geomean }, undefined, 2),
  );
}
await gpu.close();

async function compare(
  gpu: Gpu,
  { name, sparsity, n, matrix }: BenchMatrix,
  budgetMs: number,
): Promise<Result> {
  using scope = new Scope(gpu);
  const { rows, cols, nnz } = matrix;
  const b = scope.upload(
    'B',
    [cols, n],
    new Float32Array(cols * n).map((_, i) => Math.cos(i)),
  );
  const plans = [];
  for (const format of ['sparse', 'dense'] as const) {
    const graph = new Graph(gpu, `${name}, ${format}`);
    const weight = uploadWeight(scope, `A ${format}`, matrix, { format });
    product(graph, weight, b, { into: scope.tensor(`C ${format}`, [rows, n]) });
    plans.push(await graph.plan());
  }
  const [sparse, dense]: Timing[] = await measure(gpu, plans, budgetMs);
  const [variant, denseVariant] = plans.map(({ kernels }) => kernels[0]);
  for (const plan of plans) plan.dispose();
  return {
    name: `${name} [${rows}, ${cols}]`,
    sparsity: Number(sparsity),
    n,
    variant,
    denseVariant,
    ms: sparse.ms,
    denseMs: dense.ms,
    ratio: dense.ms / sparse.ms,
    gflops: (2 * nnz * n) / sparse.ms / 1e6,
    denseGflops: (2 * rows * cols * n) / dense.ms / 1e6,
    spread: sparse.spread + dense.spread,
  };
}

function columns(name: string, ...numbers: string[]): string {
  return name.padEnd(40) + numbers.map((number) => number.padStart(10)).join('');
}
