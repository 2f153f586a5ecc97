import { formatCsv } from '../io/exchange/csv.ts';
import type { RunResult } from './run-result.ts';

/** Where a folder of `tsos sweep` has all of its results. */
export const SUMMARY_FILE = 'results.csv';

/** Columns ahead of what was measured, which are those of the evaluation: shares, but BLEU in its points. */
const HEADER = ['run', 'technique', 'logAlphaThreshold', 'sparsity'] as const;

/**
 * All results of a study in one table of comma-separated values, a row for each measurement; runs that diverged have none. Numbers
 * are written with all their digits.
 */
export function summaryTable(results: readonly RunResult[]): string {
  const measured = [
    ...new Set(
      results.flatMap(({ measurements }) =>
        measurements.flatMap(({ evaluation }) => Object.keys(evaluation)),
      ),
    ),
  ];
  const rows = results.flatMap(({ name, settings, steps, measurements }) =>
    measurements.map(({ logAlphaThreshold, sparsity, evaluation }) => [
      name,
      settings.technique,
      logAlphaThreshold ?? '',
      sparsity,
      ...measured.map((key) => evaluation[key] ?? ''),
      steps,
    ]),
  );
  return formatCsv([...HEADER, ...measured, 'steps'], rows);
}
