/** A column of a table: its heading and which edge its cells stand at. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
}

/** Lays out a table with as much room as each column needs; ends with a newline. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const lines = [columns.map(({ heading }) => heading), ...rows.map((row) => row.map(String))];
  const widths = columns.map((_, i) => lines.reduce((widest, line) => Math.max(widest, line[i].length), 0));
  return lines
    .map((line) => line.map((cell, i) => pad(cell, widths[i], columns[i].align)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function pad(cell: string, width: number, align: Column['align'] = 'left'): string {
  return align === 'left' ? cell.padEnd(width) : cell.padStart(width);
}
