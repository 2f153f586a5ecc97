import { DataError } from '../../base/errors.ts';
import { readText } from '../files/read-file.ts';

/** A file of comma-separated values: plain cells without quotes, below one line of headings. */
export interface Csv {
  readonly file: string;
  readonly header: readonly string[];
  readonly rows: readonly CsvRow[];
}

export interface CsvRow {
  /** From 1, which is the header. */
  readonly line: number;
  /** As many as the header has. */
  readonly cells: readonly string[];
}

/**
 * Reads a file of comma-separated values.
 * @throws {DataError} where it cannot be read, or for what {@link parseCsv} refuses.
 */
export async function readCsv(path: string): Promise<Csv> {
  return parseCsv(await readText(path), path);
}

/**
 * Parses comma-separated values; lines may end in CR LF, and the last one in nothing.
 * @param file what errors call the text.
 * @throws {DataError} for a line with another number of cells than the header, an empty line, or a quote (quoted cells are
 *   not known here), with its number.
 */
export function parseCsv(text: string, file: string): Csv {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const [header, ...rows] = lines.map((line, i) => {
    if (line === '') throw new DataError(`line ${i + 1} is empty; remove it`, { file });
    if (line.includes('"'))
      throw new DataError(`line ${i + 1} has a quote; write its cells without`, { file });
    return line.split(',');
  });
  if (header === undefined)
    throw new DataError('is empty, not even a header is in it; get it again', { file });
  return {
    file,
    header,
    rows: rows.map((cells, i) => {
      const line = i + 2;
      if (cells.length !== header.length) {
        throw new DataError(`line ${line} has ${cells.length} cells where the header has ${header.length}`, {
          file,
        });
      }
      return { line, cells };
    }),
  };
}

/**
 * The number in a cell.
 * @throws {DataError} where it holds none, with its line and column.
 */
export function numberIn({ file, header }: Csv, { line, cells }: CsvRow, column: number): number {
  const value = cells[column].trim() === '' ? Number.NaN : Number(cells[column]);
  if (Number.isFinite(value)) return value;
  throw new DataError(
    `line ${line}, column "${header[column]}": ${JSON.stringify(cells[column])} is no number`,
    { file },
  );
}

/** Writes what {@link parseCsv} reads; no cell may hold a comma, a quote or a line end. */
export function formatCsv(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  return [header, ...rows].map((cells) => `${cells.join(',')}\n`).join('');
}
