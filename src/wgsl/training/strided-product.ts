import { ceilDivide, type Grid, type Kernel, kernel, unroll } from '../kernel.ts';
import { blockedRounds, loopRounds } from '../loop-rounds.ts';

/**
 * Dense products of matrices that lie anyhow: transposed, as parts of others, many at a time.
 *
 *     C_z[M,N] = A_z[M,K] · B_z[K,N]
 *
 * Element (m,k) of A lies at m · a_row + k · a_depth, of B (k,n) at k · b_depth + n · b_column, of C (m,n) at
 * m · c_row + n.
 *
 * Products come in `outer × inner` batches, each matrix of batch (o,i) shifted by `o · x_outer + i ·
 * x_inner`. Where M and N are small and K long, as in the gradient of a kernel, K is cut into `chunks` of
 * `chunk_depth`, each a product of its own that lies `c_chunk` behind the one before; the caller adds them
 * up.
 *
 * Register-tiled, as the dense product of inference: an invocation owns 4 × 4 elements of C.
 */
export function stridedProductKernel(): Kernel {
  return kernel({
    name: 'strided product',
    parameters: STRIDED_PRODUCT_PARAMETERS.map((name) => ({ name, type: 'u32' })),
    bindings: [
      { name: 'a', element: 'f32', access: 'read' },
      { name: 'b', element: 'f32', access: 'read' },
      { name: 'c', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(${LANES_N}, ${LANES_M})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let m = (group.y * ${LANES_M}u + lane.y) * ${TILE}u;
  let n = (group.x * ${LANES_N}u + lane.x) * ${TILE}u;
  if (m >= params.rows || n >= params.columns) { return; }
  let chunk = group.z % params.chunks;
  let outer = group.z / params.chunks / params.inner;
  let inner = group.z / params.chunks % params.inner;
  let from_a = outer * params.a_outer + inner * params.a_inner;
  let from_b = outer * params.b_outer + inner * params.b_inner;
  let to = outer * params.c_outer + inner * params.c_inner + chunk * params.c_chunk;
  // Rows and columns past the end repeat the last one; they are not stored.
${unroll(TILE, (r) => `  let row${r} = from_a + min(m + ${r}u, params.rows - 1u) * params.a_row;`)}
${unroll(TILE, (r) => `  let column${r} = from_b + min(n + ${r}u, params.columns - 1u) * params.b_column;`)}
${unroll(TILE, (r) => `  var sum${r} = vec4f();`)}
  let end = min((chunk + 1u) * params.chunk_depth, params.depth);
  for (var block = chunk * params.chunk_depth; block < end; block += ${BLOCK}u) {
${unroll(TILE, (r) => `    var part${r} = vec4f();`)}
    for (var k = block; k < min(block + ${BLOCK}u, end); k++) {
      let at = k * params.b_depth;
      let values = vec4f(b[column0 + at], b[column1 + at], b[column2 + at], b[column3 + at]);
${unroll(TILE, (r) => `      part${r} = fma(vec4f(a[row${r} + k * params.a_depth]), values, part${r});`)}
    }
${unroll(TILE, (r) => `    sum${r} += part${r};`)}
  }
  let width = min(params.columns - n, ${TILE}u);
${unroll(
  TILE,
  (r) => `  if (m + ${r}u < params.rows) {
    for (var t = 0u; t < width; t++) { c[to + (m + ${r}u) * params.c_row + n + t] = sum${r}[t]; }
  }`,
)}
}
`,
  });
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

const LANES_N = 8;
const LANES_M = 8;
/** Rows and columns of C that an invocation owns. */
const TILE = 4;
/** Products that are summed before they join the rest, so that rounding grows slower than with K. */
const BLOCK = 64;

/** @param batches outer × inner */
export function stridedProductGrid(rows: number, columns: number, batches: number, chunks: number): Grid {
  return [ceilDivide(columns, LANES_N * TILE), ceilDivide(rows, LANES_M * TILE), batches * chunks];
}

/** Rounds of loops of an invocation. @param depth of a chunk */
export function stridedProductRounds(depth: number): number {
  return blockedRounds(depth, BLOCK) + TILE * loopRounds(TILE);
}
