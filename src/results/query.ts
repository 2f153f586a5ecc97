import { UsageError } from '../base/errors.ts';
import { closest } from '../io/checkpoint/suggest.ts';
import { LEVELS, type ResultRow } from './load-results.ts';
import { isWithin, parseRange, type Range } from './range.ts';

/** What all rows have; the rest of their columns are their settings. */
const COMMON_COLUMNS = [
  'model',
  'experiment',
  'variant',
  'technique',
  'level',
  'sparsity',
  'quality',
  'file',
  'line',
] as const;

/** A condition on a column: a word, or a range of numbers. */
export interface Condition {
  readonly column: string;
  readonly wanted: string | Range;
}

/** The value of a row in a column; undefined where it has none. */
export function cellOf(row: ResultRow, column: string): number | string | undefined {
  const common = COMMON_COLUMNS.find((name) => name === column);
  return common === undefined ? row.settings[column] : row[common];
}

/** The columns that any of the rows has a value in. */
export function columnsOf(rows: readonly ResultRow[]): string[] {
  const settings = new Set(rows.flatMap((row) => Object.keys(row.settings)));
  return [...COMMON_COLUMNS, ...settings].filter((column) =>
    rows.some((row) => cellOf(row, column) !== undefined),
  );
}

/**
 * Reads `column=value` or `column=from..to`, either end of which may be left out.
 * @throws {UsageError} where it is neither.
 */
export function parseCondition(text: string): Condition {
  const [, column, value] = /^(\w+)=(.+)$/.exec(text) ?? [];
  if (column === undefined) {
    throw new UsageError(`"${text}" is no condition; write column=value or column=from..to`);
  }
  const isNumeric = value.includes('..') || Number.isFinite(Number(value));
  return { column, wanted: isNumeric ? parseRange(value) : value };
}

/**
 * The rows that meet all conditions.
 * @throws {UsageError} for a column that no row has.
 */
export function filterRows(rows: readonly ResultRow[], conditions: readonly Condition[]): ResultRow[] {
  for (const { column } of conditions) assertColumn(rows, column);
  return rows.filter((row) =>
    conditions.every(({ column, wanted }) => {
      const value = cellOf(row, column);
      if (typeof wanted === 'string') return value === wanted;
      return typeof value === 'number' && isWithin(value, wanted);
    }),
  );
}

/**
 * Rows in the order of a column, numbers before words and rows without a value last; equal ones stay as they are.
 * @throws {UsageError} for a column that no row has.
 */
export function sortRows(rows: readonly ResultRow[], column: string, descending = false): ResultRow[] {
  assertColumn(rows, column);
  const has = rows.filter((row) => cellOf(row, column) !== undefined);
  const lacks = rows.filter((row) => cellOf(row, column) === undefined);
  const sign = descending ? -1 : 1;
  return [...has.sort((a, b) => sign * compare(cellOf(a, column)!, cellOf(b, column)!)), ...lacks];
}

/**
 * The best run of each level of sparsity, rising, for each model, experiment, variant and technique; of equal ones the first.
 * Runs at other sparsities are left out, and so are dense ones.
 */
export function bestRows(rows: readonly ResultRow[]): ResultRow[] {
  return groupRows(rows).flatMap((group) => bestOfLevels(group));
}

/** Rows of one model, experiment, variant and technique together, in the order in which the first of each come. */
export function groupRows(rows: readonly ResultRow[]): ResultRow[][] {
  const groups = new Map<string, ResultRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.model, row.experiment, row.variant, row.technique]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return Array.from(groups.values());
}

function bestOfLevels(rows: readonly ResultRow[]): ResultRow[] {
  return LEVELS.flatMap((level) => {
    const atLevel = rows.filter((row) => row.level === level);
    if (atLevel.length === 0) return [];
    return [atLevel.reduce((best, row) => (row.quality > best.quality ? row : best))];
  });
}

function assertColumn(rows: readonly ResultRow[], column: string): void {
  const columns = columnsOf(rows);
  if (columns.includes(column) || rows.length === 0) return;
  const [near] = closest(column, columns, 1);
  throw new UsageError(
    `no column is called ${JSON.stringify(column)}${near === undefined ? '' : `; did you mean ${near}?`}; there are ${columns.join(', ')}`,
  );
}

/** Rows whose measurements cannot be: a share outside 0 to 1, or a quality outside 0 to 100. */
export function implausibleRows(rows: readonly ResultRow[]): ResultRow[] {
  return rows.filter(
    ({ sparsity, quality }) => !(sparsity >= 0 && sparsity <= 1 && quality >= 0 && quality <= 100),
  );
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}
