import type { Timing } from '../comparison/measure.ts';
import type { BenchRun } from './bench.ts';
import { withSpread } from './format-table.ts';
import { startTable } from './table.ts';

/** A model, or a part of it, against the same on our dense kernels. */
export interface ModelResult {
  readonly name: string;
  readonly sparsity: number;
  /** Batch: sentences or pictures. */
  readonly n: number;
  readonly variant: string;
  readonly ms: number;
  readonly denseMs: number;
  /** Dense time over sparse time. */
  readonly ratio: number;
  readonly unit: 'tokens' | 'pictures';
  /** Units a second. */
  readonly perSecond: number;
  readonly densePerSecond: number;
  /** 10⁹ multiplications and additions with kept weights a second; attention is not counted. */
  readonly gflops: number;
  /** The same with all weights counted, as if the zeros had been multiplied. */
  readonly denseEquivalentGflops: number;
  /** `gflops` of the measured peak. */
  readonly ratioToPeak: number;
  readonly spread: number;
  readonly denseSpread: number;
}

/** Multiplications with weights in a piece of work. */
export interface Products {
  readonly kept: number;
  readonly all: number;
}

/** Puts timings and counts together. */
export function modelResult(
  { peak }: Pick<BenchRun, 'peak'>,
  what: Pick<ModelResult, 'name' | 'sparsity' | 'n' | 'variant' | 'unit'>,
  counts: { readonly units: number; readonly products: Products },
  { ms, spread }: Timing,
  dense: Timing,
): ModelResult {
  const { units, products } = counts;
  const gflops = (2 * products.kept) / ms / 1e6;
  return {
    ...what,
    ms,
    denseMs: dense.ms,
    ratio: dense.ms / ms,
    perSecond: (1000 * units) / ms,
    densePerSecond: (1000 * units) / dense.ms,
    gflops,
    denseEquivalentGflops: (2 * products.all) / ms / 1e6,
    ratioToPeak: gflops / peak.gflops,
    spread,
    denseSpread: dense.spread,
  };
}

/** Prints results as they come. */
export function startModelTable(
  say: BenchRun['say'],
  unit: ModelResult['unit'],
): (result: ModelResult) => void {
  return startTable<ModelResult>(say, [
    { heading: 'what', width: 10, align: 'left', cell: ({ name }) => name },
    { heading: 'sparsity', width: 8, cell: ({ sparsity }) => `${100 * sparsity} %` },
    { heading: 'batch', width: 5, cell: ({ n }) => String(n) },
    { heading: 'ms', width: 17, cell: ({ ms, spread }) => withSpread(ms, spread) },
    { heading: 'dense ms', width: 17, cell: ({ denseMs, denseSpread }) => withSpread(denseMs, denseSpread) },
    { heading: 'ratio', width: 6, cell: ({ ratio }) => ratio.toFixed(2) },
    { heading: `${unit}/s`, width: 10, cell: ({ perSecond }) => perSecond.toFixed(2) },
    { heading: 'dense', width: 10, cell: ({ densePerSecond }) => densePerSecond.toFixed(2) },
    { heading: 'GFLOP/s', width: 8, cell: ({ gflops }) => gflops.toFixed(2) },
    { heading: 'as dense', width: 8, cell: ({ denseEquivalentGflops: rate }) => rate.toFixed(2) },
    { heading: '% of peak', width: 9, cell: ({ ratioToPeak }) => (100 * ratioToPeak).toFixed(1) },
    { heading: 'weights', width: 0, align: 'left', cell: ({ variant }) => variant },
  ]);
}
