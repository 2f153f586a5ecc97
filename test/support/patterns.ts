import { type CsrMatrix, csrFromPattern } from '../../src/graph/weights/csr.ts';
import fc from './fast-check.ts';
import { below, floats, type Pattern, type Random, randomFrom, sparsify } from './random.ts';

/** A sparse matrix of any shape and density, with empty rows and columns; some of its entries are 0. */
export interface PatternCase {
  readonly rows: number;
  readonly cols: number;
  /** `[rows, cols]`: whether there is an entry. */
  readonly mask: readonly boolean[];
  /** `[rows, cols]` */
  readonly dense: Float32Array;
  readonly matrix: CsrMatrix;
  /** For what else a test draws. */
  readonly random: Random;
}

export const patternCase: fc.Arbitrary<PatternCase> = fc
  .record({
    rows: fc.integer({ min: 1, max: 40 }),
    cols: fc.integer({ min: 1, max: 40 }),
    density: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    pattern: fc.constantFrom<Pattern>('scattered', 'empty rows', 'one full row'),
    seed: fc.nat(),
  })
  .map(({ rows, cols, density, pattern, seed }) => {
    const random = randomFrom(seed);
    const marks = sparsify(random, new Float32Array(rows * cols).fill(1), cols, density, pattern);
    const mask = Array.from(marks, (mark) => mark !== 0);
    const values = floats(random, rows * cols, 4);
    return { ...patternOf(rows, cols, mask, (i) => (below(random, 9) === 0 ? 0 : values[i])), random };
  });

/** @param valueAt of an entry, by its place in the dense matrix */
export function patternOf(
  rows: number,
  cols: number,
  mask: readonly boolean[],
  valueAt: (place: number) => number,
): Omit<PatternCase, 'random'> {
  const dense = new Float32Array(rows * cols);
  const columns: number[] = [];
  const values: number[] = [];
  const rowOffsets = [0];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const place = row * cols + col;
      if (!mask[place]) continue;
      dense[place] = valueAt(place);
      columns.push(col);
      values.push(dense[place]);
    }
    rowOffsets.push(columns.length);
  }
  const pattern = {
    rows,
    cols,
    rowOffsets: Uint32Array.from(rowOffsets),
    columns: Uint32Array.from(columns),
  };
  return { rows, cols, mask, dense, matrix: csrFromPattern(pattern, values) };
}

/** Place in the dense matrix of each stored entry of a compressed one; −1 for the padding behind the entries of a row. */
export function storedPlaces({ rows, cols, rowStart, columns }: CsrMatrix): number[] {
  const places: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let i = rowStart[row]; i < rowStart[row + 1]; i++) {
      const isPadding = i > rowStart[row] && columns[i] === columns[i - 1];
      places.push(isPadding ? -1 : row * cols + columns[i]);
    }
  }
  return places;
}
