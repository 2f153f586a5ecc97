import { geometricMean } from '../../src/base/geometric-mean.ts';
import { Scope } from '../../src/graph/device/scope.ts';
import type { Gpu } from '../../src/graph/open-gpu.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import type { BenchRun } from './bench.ts';
import { measure } from './measure.ts';
import { type BenchMatrix, type PatternSource, SPARSITIES } from './patterns.ts';
import { type Column, startTable } from './table.ts';

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
  readonly percentOfPeak: number;
  /** Half the range of the middle half of the samples over their median: of the sparse kernel, and of the dense one. */
  readonly spread: number;
  readonly denseSpread: number;
}

/** Times a layer held dense, and held sparse with every matrix, against each other. */
export async function compareFormats(
  { gpu, rounds, peak }: BenchRun,
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
      percentOfPeak: (100 * gflops) / peak.gflops,
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

/** Prints the results of a comparison as they come. */
export function startFormatTable(say: BenchRun['say']): (result: FormatResult) => void {
  return startTable(say, FORMAT_COLUMNS);
}

const FORMAT_COLUMNS: readonly Column<FormatResult>[] = [
  { heading: 'layer', width: 72, align: 'left', cell: ({ name }) => name },
  { heading: 'sparsity', width: 8, cell: ({ sparsity }) => `${100 * sparsity} %` },
  { heading: 'pattern', width: 7, cell: ({ pattern }) => pattern },
  { heading: 'N', width: 6, cell: ({ n }) => String(n) },
  { heading: 'sparse ms', width: 17, cell: ({ ms, spread }) => withSpread(ms, spread) },
  { heading: 'dense ms', width: 17, cell: ({ denseMs, denseSpread }) => withSpread(denseMs, denseSpread) },
  { heading: 'ratio', width: 6, cell: ({ ratio }) => ratio.toFixed(2) },
  { heading: 'GFLOP/s', width: 8, cell: ({ gflops }) => gflops.toFixed(2) },
  { heading: 'as dense', width: 8, cell: ({ denseEquivalentGflops: rate }) => rate.toFixed(2) },
  { heading: 'dense', width: 8, cell: ({ denseGflops }) => denseGflops.toFixed(2) },
  { heading: '% of peak', width: 9, cell: ({ percentOfPeak }) => percentOfPeak.toFixed(1) },
  { heading: 'kernel', width: 0, align: 'left', cell: ({ variant }) => variant },
];

/** `12.345 ± 2 %` */
export function withSpread(ms: number, spread: number): string {
  return `${ms.toFixed(3)} ± ${(100 * spread).toFixed(0)} %`;
}

/** Geometric mean of the ratios at every sparsity, printed too. */
export function ratioMeans(results: readonly FormatResult[], say: BenchRun['say']): Record<string, number> {
  const means = SPARSITIES.map((sparsity) => {
    const own = results.filter((result) => result.sparsity === Number(sparsity));
    return [sparsity, geometricMean(own.map(({ ratio }) => ratio))] as const;
  });
  say('');
  for (const [sparsity, mean] of means) {
    say(`geometric mean at ${100 * Number(sparsity)} %: ${mean.toFixed(2)} times as fast as dense`);
  }
  return Object.fromEntries(means);
}
