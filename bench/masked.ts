import { Scope } from '../src/graph/device/scope.ts';
import { applyMask, multiply } from '../src/graph/differentiation/elementwise.ts';
import { maskedProduct } from '../src/graph/differentiation/masked-product.ts';
import { product } from '../src/graph/differentiation/product.ts';
import { sum } from '../src/graph/differentiation/reductions.ts';
import { Tape } from '../src/graph/differentiation/tape.ts';
import { Graph } from '../src/graph/plan/graph.ts';
import type { GraphTensor } from '../src/graph/plan/node.ts';
import type { Plan } from '../src/graph/plan/plan.ts';
import { type CsrMatrix, csrToDense } from '../src/graph/weights/csr.ts';
import { uploadMaskedWeight } from '../src/graph/weights/masked-weight.ts';
import { cosines } from './comparison/layer-comparisons.ts';
import { type ProductShape, productShapes } from './comparison/layers.ts';
import { type BenchMatrix, SPARSITIES } from './comparison/matrices.ts';
import { measure } from './comparison/measure.ts';
import { type BenchRun, runBench } from './support/bench.ts';
import { type RatioResult, sayRatioMeans, startRatioTable } from './support/format-table.ts';
import { benchMatrix } from './support/patterns.ts';

/*
 * A step of training a layer whose mask stays: the product, the gradient of its weights and that of its input, each over the
 * entries of the mask alone, against the dense products with a mask that training takes otherwise. All product shapes of both
 * models, with the patterns of the paper's checkpoints.
 *
 *     npm run bench -- masked [--quick] [--json]
 */

await runBench('masked', async (run) => {
  const print = startRatioTable(run.say);
  const results: RatioResult[] = [];
  for (const shape of productShapes(run.scale)) {
    const matrices = await Promise.all(SPARSITIES.map((sparsity) => benchMatrix(shape, sparsity)));
    const compared = await compareSteps(run, shape, matrices);
    compared.forEach(print);
    results.push(...compared);
  }
  return { results, geomean: sayRatioMeans(results, run.say) };
});

async function compareSteps(
  { gpu, rounds }: BenchRun,
  { name, rows, cols, n }: ProductShape,
  matrices: readonly BenchMatrix[],
): Promise<RatioResult[]> {
  using scope = new Scope(gpu);
  const x = scope.upload('x', [cols, n], cosines(cols * n));
  const c = scope.upload('gradient of the output', [rows, n], cosines(rows * n));
  /** The plan of a step. @param multiplied the layer's output, and the tensor that its weights are trained in */
  const step = (what: string, multiplied: (tape: Tape) => [GraphTensor, GraphTensor]): Promise<Plan> => {
    const graph = new Graph(gpu, `${name}, ${what}`);
    const tape = new Tape(graph);
    const [y, weights] = multiplied(tape);
    tape.gradients(sum(tape, multiply(tape, y, c)), [weights, x]);
    return graph.plan();
  };
  const dense = await step('dense', (tape) => {
    const values = csrToDense(matrices[0].matrix);
    const theta = scope.upload('weights', [rows, cols], values);
    const mask = scope.upload(
      'mask',
      [rows, cols],
      values.map((value) => (value === 0 ? 0 : 1)),
    );
    return [product(tape, applyMask(tape, theta, mask), x), theta];
  });
  const sparse: Plan[] = [];
  for (const { sparsity, matrix } of matrices) {
    sparse.push(await step(sparsity, (tape) => sparseStep(tape, scope, matrix, x)));
  }
  const [denseTiming, ...timings] = await measure(gpu, [dense, ...sparse], rounds);
  for (const plan of [dense, ...sparse]) plan.dispose();
  return matrices.map(({ sparsity, pattern }, index) => {
    const { ms, spread } = timings[index];
    return {
      name: `${name} [${rows}, ${cols}]`,
      sparsity: Number(sparsity),
      ...{ pattern, n, ms, denseMs: denseTiming.ms, ratio: denseTiming.ms / ms },
      ...{ spread, denseSpread: denseTiming.spread },
    };
  });
}

function sparseStep(tape: Tape, scope: Scope, matrix: CsrMatrix, x: GraphTensor): [GraphTensor, GraphTensor] {
  const weight = uploadMaskedWeight(scope, 'weights', matrix);
  return [maskedProduct(tape, weight, x), weight.values];
}
