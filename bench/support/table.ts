/** A column of a table that is printed as its rows come. */
export interface Column<Row> {
  readonly heading: string;
  readonly width: number;
  readonly cell: (row: Row) => string;
  /** Numbers stand right, which is the default. */
  readonly align?: 'left' | 'right';
}

/** Prints the headings; what it returns prints a row. */
export function startTable<Row>(
  say: (line: string) => void,
  columns: readonly Column<Row>[],
): (row: Row) => void {
  const line = (cell: (column: Column<Row>) => string) =>
    columns
      .map((column) => {
        const text = cell(column);
        return column.align === 'left' ? text.padEnd(column.width) : text.padStart(column.width);
      })
      .join('  ')
      .trimEnd();
  say(line(({ heading }) => heading));
  return (row) => say(line(({ cell }) => cell(row)));
}
