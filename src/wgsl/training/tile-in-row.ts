import { WORKGROUP } from '../linear-grid.ts';

/** Tiles of a result, as an invocation owns one. */
interface Tiles {
  /** Invocations of a workgroup. */
  readonly lanes: number;
  readonly rows: number;
  readonly columns: number;
}

/** WGSL expressions of what is tiled. */
interface Tiled {
  /** Place of an invocation in its workgroup. */
  readonly lane: string;
  /** Extents of a result. */
  readonly rows: string;
  readonly columns: string;
  /** What the number of a result is to be called, and how many there are. */
  readonly result: string;
  readonly results: string;
}

/**
 * WGSL: the tile of an invocation, `first_row` and `first` on, among those of many results that lie side by side in one long row, so
 * that small results leave no lane idle.
 */
export function tileInRow({ lanes, rows, columns }: Tiles, of: Tiled): string {
  return `  let i = ${WORKGROUP} * ${lanes}u + ${of.lane};
  let across = (${of.columns} + ${columns - 1}u) / ${columns}u;
  let tiles = (${of.rows} + ${rows - 1}u) / ${rows}u * across;
  let ${of.result} = i / tiles;
  if (${of.result} >= ${of.results}) { return; }
  let first_row = i % tiles / across * ${rows}u;
  let first = i % tiles % across * ${columns}u;`;
}
