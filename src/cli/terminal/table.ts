import { printable } from '../../base/printable.ts';

/** A column of a table: its heading and which edge its cells stand at. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
}

/** Lays out a table with as much room as each column needs; ends with a newline. Cells may come from anywhere. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const lines = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => row.map((cell) => printable(String(cell)))),
  ];
  const widths = columns.map((_, i) => lines.reduce((widest, line) => Math.max(widest, line[i].length), 0));
  return lines
    .map((line) => line.map((cell, i) => pad(cell, widths[i], columns[i].align)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** Lays out names with their values, one a line; ends with a newline. Values may come from anywhere. */
export function formatList(lines: readonly (readonly [name: string, value: string])[]): string {
  return lines.map(([name, value]) => `${name.padEnd(NAME_WIDTH)} ${printable(value)}\n`).join('');
}

const NAME_WIDTH = 10;

function pad(cell: string, width: number, align: Column['align'] = 'left'): string {
  return align === 'left' ? cell.padEnd(width) : cell.padStart(width);
}
