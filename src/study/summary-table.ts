import { DataError } from '../base/errors.ts';
import { TECHNIQUES, type Technique } from '../base/technique.ts';
import { type Csv, type CsvRow, formatCsv, numberIn, readCsv } from '../io/exchange/csv.ts';
import type { Measurement, RunResult } from './run-result.ts';

/** Where a folder of `tsos sweep` has all of its results. */
export const SUMMARY_FILE = 'results.csv';

/** A measurement of a run. */
export interface SummaryRow extends Measurement {
  readonly run: string;
  readonly technique: Technique;
  /** Steps that were trained. */
  readonly steps: number;
}

/** Ahead of what was evaluated, and behind it. */
const FIRST = ['run', 'technique', 'logAlphaThreshold', 'sparsity'] as const;
const LAST = 'steps';

/**
 * All results of a study in one table of comma-separated values, a row for each measurement; runs that diverged have none. Numbers
 * are written with all their digits.
 */
export function summaryTable(results: readonly RunResult[]): string {
  const evaluated = [
    ...new Set(
      results.flatMap(({ measurements }) =>
        measurements.flatMap(({ evaluation }) => Object.keys(evaluation)),
      ),
    ),
  ];
  const rows = results.flatMap(({ name, settings, steps, measurements }) =>
    measurements.map(({ logAlphaThreshold, sparsity, evaluation }) => [
      ...[name, settings.technique, logAlphaThreshold ?? '', sparsity],
      ...evaluated.map((key) => evaluation[key] ?? ''),
      steps,
    ]),
  );
  return formatCsv([...FIRST, ...evaluated, LAST], rows);
}

/**
 * Reads such a table.
 * @throws {DataError} where it cannot be read, or has other columns or techniques.
 */
export async function readSummary(file: string): Promise<SummaryRow[]> {
  const csv = await readCsv(file);
  const { header, rows } = csv;
  if (FIRST.some((heading, i) => header[i] !== heading) || header.at(-1) !== LAST) {
    throw new DataError(`has the columns ${header.join(', ')}, not those of ${SUMMARY_FILE}`, { file });
  }
  return rows.map((row) => {
    const { cells } = row;
    const evaluated = header.slice(FIRST.length, -1).map((key, i) => [key, FIRST.length + i] as const);
    return {
      run: cells[0],
      technique: techniqueIn(csv, row),
      logAlphaThreshold: cells[2] === '' ? null : numberIn(csv, row, 2),
      sparsity: numberIn(csv, row, 3),
      evaluation: Object.fromEntries(
        evaluated.filter(([, i]) => cells[i] !== '').map(([key, i]) => [key, numberIn(csv, row, i)]),
      ),
      steps: numberIn(csv, row, header.length - 1),
    };
  });
}

function techniqueIn({ file }: Csv, { line, cells }: CsvRow): Technique {
  const found = TECHNIQUES.find((technique) => technique === cells[1]);
  if (found !== undefined) return found;
  throw new DataError(`line ${line} is of no technique that is known: ${cells[1]}`, { file });
}
