import { type FormatResult, ratioMeans } from '../comparison/compare-formats.ts';
import type { BenchRun } from './bench.ts';
import { type Column, startTable } from './table.ts';

/** Prints the results of a comparison as they come. */
export function startFormatTable(say: BenchRun['say']): (result: FormatResult) => void {
  return startTable(say, FORMAT_COLUMNS);
}

/** What a comparison tells of sparse against dense, whatever is compared. */
export type RatioResult = Pick<
  FormatResult,
  'name' | 'sparsity' | 'pattern' | 'n' | 'ms' | 'denseMs' | 'ratio' | 'spread' | 'denseSpread'
>;

/** Prints ratios as they come. */
export function startRatioTable(say: BenchRun['say']): (result: RatioResult) => void {
  return startTable(say, RATIO_COLUMNS);
}

const RATIO_COLUMNS: readonly Column<RatioResult>[] = [
  { heading: 'layer', width: 72, align: 'left', cell: ({ name }) => name },
  { heading: 'sparsity', width: 8, cell: ({ sparsity }) => `${100 * sparsity} %` },
  { heading: 'pattern', width: 7, cell: ({ pattern }) => pattern },
  { heading: 'N', width: 6, cell: ({ n }) => String(n) },
  { heading: 'sparse ms', width: 17, cell: ({ ms, spread }) => withSpread(ms, spread) },
  { heading: 'dense ms', width: 17, cell: ({ denseMs, denseSpread }) => withSpread(denseMs, denseSpread) },
  { heading: 'ratio', width: 6, cell: ({ ratio }) => ratio.toFixed(2) },
];

const FORMAT_COLUMNS: readonly Column<FormatResult>[] = [
  ...RATIO_COLUMNS,
  { heading: 'GFLOP/s', width: 8, cell: ({ gflops }) => gflops.toFixed(2) },
  { heading: 'as dense', width: 8, cell: ({ denseEquivalentGflops: rate }) => rate.toFixed(2) },
  { heading: 'dense', width: 8, cell: ({ denseGflops }) => denseGflops.toFixed(2) },
  { heading: '% of peak', width: 9, cell: ({ ratioToPeak }) => (100 * ratioToPeak).toFixed(1) },
  { heading: 'kernel', width: 0, align: 'left', cell: ({ variant }) => variant },
];

/** `12.345 ± 2 %` */
export function withSpread(ms: number, spread: number): string {
  return `${ms.toFixed(3)} ± ${(100 * spread).toFixed(0)} %`;
}

/** Prints the geometric means of the ratios, and gives them. */
export function sayRatioMeans(results: readonly RatioResult[], say: BenchRun['say']): Record<string, number> {
  const means = ratioMeans(results);
  say('');
  for (const [sparsity, mean] of Object.entries(means)) {
    say(`geometric mean at ${100 * Number(sparsity)} %: ${mean.toFixed(2)} times as fast as dense`);
  }
  return means;
}
