import { declareSums, tileSums } from '../block-sums.ts';
import { type DepthTerms, type DepthWalkVariant, depthWalk, depthWalkMemory } from '../depth-walk.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from '../kernel.ts';
import { workgroupGrid } from '../linear-grid.ts';
import { blockedRounds } from '../loop-rounds.ts';
import { tileInRow } from './tile-in-row.ts';

/**
 * Dense products of matrices that lie anyhow: transposed, as parts of others, many at a time.
 *
 *     C_z[M,N] = A_z[M,K] · B_z[K,N]
 *
 * Element (m,k) of A lies at m · a_row + k · a_depth, of B (k,n) at k · b_depth + n · b_column, of C (m,n) at
 * m · c_row + n.
 *
 * Products come in `batches`, outer × inner of them, each matrix of batch (o,i) shifted by `o · x_outer + i ·
 * x_inner`. Where M and N are small and K long, as in the gradient of a kernel, K is cut into `chunks` of
 * `chunk_depth`, each a product of its own that lies `c_chunk` behind the one before; the caller adds them
 * up.
 *
 * Register-tiled, as the dense product of inference: an invocation owns `rows` × `columns` elements of C. With cached operands
 * the tiles of all batches and chunks lie side by side in one long row of invocations, so that small products leave no lane idle;
 * with staged ones a workgroup takes tiles of one product. All variants give equal bits.
 */
export interface StridedProductVariant extends DepthWalkVariant {
  readonly operands: 'cached' | 'staged';
  /** Columns of C an invocation owns. */
  readonly columns: number;
  /** Tiles divide rows and columns: nothing needs to be guarded. */
  readonly fits: boolean;
}

export function stridedProductKernel(variant: StridedProductVariant): Kernel {
  const { operands, lanesN, lanesM, rows, columns, fits } = variant;
  const { declarations, inputs, walk } = depthWalk(variant, productTerms(variant));
  const alone = operands === 'cached';
  const apart = alone ? 1 : lanesN;
  const inside = (r: number, v: number) =>
    fits ? '' : `if (first_row + ${r}u < params.rows && first + ${v * apart}u < params.columns) `;
  return kernel({
    name: `strided product, ${lanesM}x${lanesN} lanes, ${rows} rows x ${columns} columns, ${operands}${fits ? '' : ', ragged'}`,
    parameters: STRIDED_PRODUCT_PARAMETERS.map((name) => ({ name, type: 'u32' })),
    bindings: [
      { name: 'a', element: 'f32', access: 'read' },
      { name: 'b', element: 'f32', access: 'read' },
      { name: 'c', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `${declarations}
@compute @workgroup_size(${lanesN}, ${lanesM})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u${inputs}) {
${alone ? placeInRow(variant) : placeInTile(variant)}
  let chunk = product % params.chunks;
  let outer = product / params.chunks / params.inner;
  let inner = product / params.chunks % params.inner;
  let from_a = outer * params.a_outer + inner * params.a_inner;
  let from_b = outer * params.b_outer + inner * params.b_inner;
  let to = outer * params.c_outer + inner * params.c_inner + chunk * params.c_chunk;
  let from_k = chunk * params.chunk_depth;
  let end_k = min(from_k + params.chunk_depth, params.depth);
  // Rows and columns past the end repeat the last one; they are not stored.
${unroll(rows, (r) => {
  const row = `first_row + ${r}u`;
  return `  let row${r} = from_a + ${fits ? `(${row})` : `min(${row}, params.rows - 1u)`} * params.a_row;`;
})}
${unroll(columns, (v) => {
  const column = `first + ${v * apart}u`;
  return `  let column${v} = from_b + ${fits ? `(${column})` : `min(${column}, params.columns - 1u)`} * params.b_column;`;
})}
${declareSums(tileSums('f32', rows, columns))}
${walk}
${unroll(rows, (r) => {
  const at = `to + (first_row + ${r}u) * params.c_row + first`;
  return unroll(columns, (v) => `  ${inside(r, v)}{ c[${at} + ${v * apart}u] = sum${r}_${v}; }`);
})}
}
`,
  });
}

/** WGSL: the tile of an invocation among those of all products. */
function placeInRow({ lanesN: lanes, rows, columns }: StridedProductVariant): string {
  return tileInRow(
    { lanes, rows, columns },
    {
      lane: 'lane.x',
      rows: 'params.rows',
      columns: 'params.columns',
      result: 'product',
      results: 'params.batches * params.chunks',
    },
  );
}

/** WGSL: the tile of an invocation among those of its workgroup. */
function placeInTile({ lanesN, lanesM, rows, columns }: StridedProductVariant): string {
  return `  let product = group.z;
  let first_row = (group.y * ${lanesM}u + lane.y) * ${rows}u;
  let first = group.x * ${lanesN * columns}u + lane.x;`;
}

/** Units are steps of K. */
function productTerms({ rows, columns }: Pick<StridedProductVariant, 'rows' | 'columns'>): DepthTerms {
  return {
    sums: tileSums('f32', rows, columns),
    columns,
    steps: 1,
    unit: 'f32',
    open: '',
    ownRow: (r) => `row${r}`,
    anyRow: (row) => `from_a + ${row} * params.a_row`,
    a: (row) => `a[${row} + k * params.a_depth]`,
    base: (step) => `${step} * params.b_depth`,
    b: (v) => `b[base + column${v}]`,
    blocks: {
      first: 'from_k',
      end: 'end_k',
      step: BLOCK,
      open: () => '',
      start: 'block',
      stop: `min(block + ${BLOCK}u, end_k)`,
    },
    gathered: true,
  };
}

/** Bytes of workgroup memory. */
export function stridedProductMemory(variant: Omit<StridedProductVariant, 'fits'>): number {
  return depthWalkMemory(variant, productTerms(variant));
}

/** Whether tiles divide rows and columns, so that none needs to be guarded. */
export function stridedProductFits(
  { operands, rows: tileRows, columns: tileColumns }: Omit<StridedProductVariant, 'fits'>,
  { rows, columns }: Pick<StridedProduct, 'rows' | 'columns'>,
): boolean {
  return operands === 'cached' && rows % tileRows === 0 && columns % tileColumns === 0;
}

/** The numbers of a strided product, in elements. */
export type StridedProduct = Readonly<Record<(typeof STRIDED_PRODUCT_PARAMETERS)[number], number>>;

const STRIDED_PRODUCT_PARAMETERS = [
  'rows',
  'depth',
  'columns',
  'a_row',
  'a_depth',
  'b_depth',
  'b_column',
  'c_row',
  'batches',
  'inner',
  'a_outer',
  'a_inner',
  'b_outer',
  'b_inner',
  'c_outer',
  'c_inner',
  'chunks',
  'chunk_depth',
  'c_chunk',
] as const;

/** Products that are summed before they join the rest, so that rounding grows slower than with K. */
const BLOCK = 64;

export function stridedProductGrid(
  { operands, lanesN, lanesM, rows: tileRows, columns: tileColumns }: Omit<StridedProductVariant, 'fits'>,
  { rows, columns, batches, chunks }: Pick<StridedProduct, 'rows' | 'columns' | 'batches' | 'chunks'>,
): Grid {
  const [down, across] = [ceilDivide(rows, tileRows), ceilDivide(columns, tileColumns)];
  return operands === 'cached'
    ? workgroupGrid(ceilDivide(down * across * batches * chunks, lanesN))
    : [ceilDivide(across, lanesN), ceilDivide(down, lanesM), batches * chunks];
}

/** Rounds of loops of an invocation with cached operands. @param depth of a chunk */
export function stridedProductRounds(depth: number): number {
  return blockedRounds(depth, BLOCK);
}
