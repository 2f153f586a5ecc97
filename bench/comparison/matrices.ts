import { type CsrMatrix, CsrWriter } from '../../src/graph/weights/csr.ts';

/** Nominal shares of zeros that benchmarks compare, as the Deep Learning Matrix Collection files them. */
export const SPARSITIES = ['0.7', '0.9', '0.98'] as const;

/** Where the zeros of a matrix lie: as in the paper's own checkpoint, or anywhere. */
export type PatternSource = 'paper' | 'random';

/** A sparse matrix of a benchmark. */
export interface BenchMatrix {
  readonly sparsity: string;
  readonly pattern: PatternSource;
  readonly matrix: CsrMatrix;
}

/** A matrix of a shape at every sparsity, with zeros anywhere. */
export function randomMatrices({
  rows,
  cols,
}: {
  readonly rows: number;
  readonly cols: number;
}): BenchMatrix[] {
  return SPARSITIES.map((sparsity) => ({
    sparsity,
    pattern: 'random',
    matrix: randomMatrix(rows, cols, Number(sparsity)),
  }));
}

/** A matrix with zeros anywhere, the same in every run. */
export function randomMatrix(rows: number, cols: number, sparsity: number): CsrMatrix {
  const lengths = new Uint32Array(rows);
  forEachKept(rows, cols, sparsity, (row) => lengths[row]++);
  const writer = new CsrWriter(rows, cols, lengths);
  forEachKept(rows, cols, sparsity, (row, col) => writer.push(row, col, Math.sin(row + col) || 1));
  return writer.finish();
}

function forEachKept(
  rows: number,
  cols: number,
  sparsity: number,
  visit: (row: number, col: number) => void,
): void {
  // A fixed sequence, so that runs compare (Numerical Recipes' generator).
  let state = 1;
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      if (state / 2 ** 32 >= sparsity) visit(row, col);
    }
  }
}
