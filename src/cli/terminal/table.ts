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
  return formatLines(
    lines,
    columns.map(({ align }) => align),
  );
}

/** Lays out lines of cells one below the other, without headings; lines may end early. Ends with a newline. */
export function formatLines(
  lines: readonly (readonly string[])[],
  alignments: readonly Column['align'][] = [],
): string {
  const widths: number[] = [];
  for (const line of lines) {
    line.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return lines
    .map((line) => line.map((cell, i) => pad(cell, widths[i], alignments[i])).join('  '))
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
