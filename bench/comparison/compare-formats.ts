import { geometricMean } from '../../src/base/geometric-mean.ts';
import { Scope } from '../../src/graph/device/scope.ts';
import type { Gpu } from '../../src/graph/open-gpu.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { type BenchMatrix, type PatternSource, SPARSITIES } from './matrices.ts';
import { measure, type RoundOptions } from './measure.ts';
import type { Peak } from './peak.ts';

/** What a comparison runs on. */
export interface ComparisonRun {
  readonly gpu: Gpu;
  readonly rounds: RoundOptions;
  /** What the device can do at best. */
  readonly peak: Peak;
}

/** A layer of a model, with its matrix at every sparsity. */
export interface FormatComparison {
  readonly name: string;
  /** Columns of the dense operand that count. */
  readonly n: number;
  readonly matrices: readonly BenchMatrix[];
  /** Records the layer with its matrix held so; buffers go into the scope. */
  record(graph: Graph, scope: Scope, matrix: BenchMatrix['matrix'], format: 'sparse' | 'dense'): void;
}

/** A layer with one sparsity. */
export interface FormatResult {
  readonly name: string;
  readonly sparsity: number;
  readonly pattern: PatternSource;
  readonly n: number;
  readonly variant: string;
  readonly denseVariant: string;
  readonly ms: number;
  readonly denseMs: number;
  /** Dense time over sparse time. */
  readonly ratio: number;
  /** 10⁹ multiplications and additions with kept weights a second. */
  readonly gflops: number;
  /** The same with all weights counted, as if the zeros had been multiplied. */
  readonly denseEquivalentGflops: number;
  /** Of the dense kernel. */
  readonly denseGflops: number;
  /** `gflops` of the measured peak. */
  readonly ratioToPeak: number;
  /** Half the range of the middle half of the samples over their median: of the sparse kernel, and of the dense one. */
  readonly spread: number;
  readonly denseSpread: number;
}

/** Times a layer held dense, and held sparse with every matrix, against each other. */
export async function compareFormats(
  { gpu, rounds, peak }: ComparisonRun,
  comparison: FormatComparison,
): Promise<FormatResult[]> {
  const { name, n, matrices } = comparison;
  using scope = new Scope(gpu);
  const plans = [await planOf(gpu, scope, comparison, matrices[0], 'dense')];
  for (const matrix of matrices) plans.push(await planOf(gpu, scope, comparison, matrix, 'sparse'));
  const [dense, ...sparse] = await measure(gpu, plans, rounds);
  const [denseVariant, ...variants] = plans.map(({ kernels }) => kernels.join(' + '));
  for (const plan of plans) plan.dispose();
  return matrices.map(({ sparsity, pattern, matrix: { rows, cols, nnz } }, index) => {
    const { ms, spread } = sparse[index];
    const gflops = (2 * nnz * n) / ms / 1e6;
    const products = 2 * rows * cols * n;
    return {
      name: `${name} [${rows}, ${cols}]`,
      sparsity: Number(sparsity),
      pattern,
      n,
      variant: variants[index],
      denseVariant,
      ms,
      denseMs: dense.ms,
      ratio: dense.ms / ms,
      gflops,
      denseEquivalentGflops: products / ms / 1e6,
      denseGflops: products / dense.ms / 1e6,
      ratioToPeak: gflops / peak.gflops,
      spread,
      denseSpread: dense.spread,
    };
  });
}

function planOf(
  gpu: Gpu,
  scope: Scope,
  { name, record }: FormatComparison,
  { sparsity, matrix }: BenchMatrix,
  format: 'sparse' | 'dense',
): Promise<Plan> {
  const graph = new Graph(gpu, `${name} at ${sparsity}, ${format}`);
  record(graph, scope, matrix, format);
  return graph.plan();
}

/** Geometric mean of the ratios at every sparsity. */
export function ratioMeans(
  results: readonly Pick<FormatResult, 'sparsity' | 'ratio'>[],
): Record<string, number> {
  return Object.fromEntries(
    SPARSITIES.map((sparsity) => {
      const own = results.filter((result) => result.sparsity === Number(sparsity));
      return [sparsity, geometricMean(own.map(({ ratio }) => ratio))];
    }),
  );
}
