import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CsrMatrix, CsrWriter } from '../../src/graph/csr.ts';
import { readSmtx } from '../../src/io/smtx.ts';

/** A sparse matrix of the benchmark and the columns of what it multiplies. */
export interface BenchMatrix {
  readonly name: string;
  /** Nominal share of zeros, as the collection files it. */
  readonly sparsity: string;
  /** N: columns of the dense operand, a multiple of 4. */
  readonly n: number;
  readonly matrix: CsrMatrix;
}

const COLLECTION = fileURLToPath(new URL('../../../shared/data/dlmc', import.meta.url));

/** Columns of a Transformer's products: decoding 8 sentences with beam 4, and encoding 8 of 32 tokens. */
const TRANSFORMER_COLUMNS = [32, 256];

/**
 * Matrices of the Deep Learning Matrix Collection (patterns of the paper's own checkpoints), one of each shape, with the
 * columns they meet in their models; values are made up. Where the collection is missing, random patterns of the same
 * shapes.
 * @param sparsity `0.7`, `0.9` or `0.98`
 */
export async function benchMatrices(sparsity: string, quick: boolean): Promise<BenchMatrix[]> {
  const wanted = quick ? SHAPES.filter(({ quick: inQuick }) => inQuick) : SHAPES;
  const matrices: BenchMatrix[] = [];
  for (const { name, model, rows, cols, columns } of wanted) {
    const matrix =
      (await fromCollection(model, sparsity, rows, cols)) ?? randomMatrix(rows, cols, Number(sparsity));
    for (const n of columns) matrices.push({ name, sparsity, n, matrix });
  }
  return matrices;
}

/** Whether the collection's patterns are at hand. */
export function hasCollection(): boolean {
  return existsSync(COLLECTION);
}

/** The shapes of both models; ResNet-50's columns are the pixels of one picture. */
const SHAPES = [
  {
    name: 'transformer projection',
    model: 'transformer',
    rows: 512,
    cols: 512,
    columns: TRANSFORMER_COLUMNS,
    quick: true,
  },
  {
    name: 'transformer expand',
    model: 'transformer',
    rows: 2048,
    cols: 512,
    columns: TRANSFORMER_COLUMNS,
    quick: true,
  },
  {
    name: 'transformer contract',
    model: 'transformer',
    rows: 512,
    cols: 2048,
    columns: TRANSFORMER_COLUMNS,
    quick: true,
  },
  { name: 'resnet 1x1, group 1', model: 'rn50', rows: 256, cols: 64, columns: [3136], quick: true },
  { name: 'resnet 3x3, group 1', model: 'rn50', rows: 64, cols: 576, columns: [3136], quick: false },
  { name: 'resnet 1x1, group 2', model: 'rn50', rows: 512, cols: 128, columns: [784], quick: false },
  { name: 'resnet 3x3, group 2', model: 'rn50', rows: 128, cols: 1152, columns: [784], quick: false },
  { name: 'resnet 1x1, group 3', model: 'rn50', rows: 1024, cols: 256, columns: [196], quick: true },
  { name: 'resnet 3x3, group 3', model: 'rn50', rows: 256, cols: 2304, columns: [196], quick: false },
  { name: 'resnet 1x1, group 4', model: 'rn50', rows: 2048, cols: 512, columns: [52], quick: false },
  { name: 'resnet 3x3, group 4', model: 'rn50', rows: 512, cols: 4608, columns: [52], quick: true },
  { name: 'resnet classifier', model: 'rn50', rows: 1000, cols: 2048, columns: [4], quick: false },
] as const;

/** The first magnitude-pruned matrix of that shape. */
async function fromCollection(
  model: string,
  sparsity: string,
  rows: number,
  cols: number,
): Promise<CsrMatrix | undefined> {
  const folder = join(COLLECTION, model, 'magnitude_pruning', sparsity);
  if (!existsSync(folder)) return undefined;
  for (const file of readdirSync(folder).sort()) {
    const pattern = await readSmtx(join(folder, file));
    if (pattern.rows !== rows || pattern.cols !== cols) continue;
    const lengths = Uint32Array.from(
      { length: rows },
      (_, r) => pattern.rowOffsets[r + 1] - pattern.rowOffsets[r],
    );
    const writer = new CsrWriter(rows, cols, lengths);
    for (let r = 0; r < rows; r++) {
      for (let i = pattern.rowOffsets[r]; i < pattern.rowOffsets[r + 1]; i++) {
        writer.push(r, pattern.columns[i], Math.sin(i) || 1);
      }
    }
    return writer.finish();
  }
  return undefined;
}

function randomMatrix(rows: number, cols: number, sparsity: number): CsrMatrix {
  // A fixed sequence, so that runs compare (Numerical Recipes' generator).
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const kept = Array.from({ length: rows }, () => {
    const columns: number[] = [];
    for (let c = 0; c < cols; c++) if (next() >= sparsity) columns.push(c);
    return columns;
  });
  const writer = new CsrWriter(
    rows,
    cols,
    Uint32Array.from(kept, ({ length }) => length),
  );
  kept.forEach((columns, r) => {
    for (const c of columns) writer.push(r, c, Math.sin(r + c) || 1);
  });
  return writer.finish();
}
