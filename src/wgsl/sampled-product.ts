import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { WORKGROUP, workgroupGrid } from './linear-grid.ts';
import { fourColumns } from './spmm.ts';

/**
 * Sampled dense-dense product (SDDMM): of a product of dense matrices, the elements that a sparse pattern has.
 *
 *     S[m,k] = Σ_n C[m,n] · B[k,n]   for the entries (m,k) of A [M,K]      C [M,N], B [K,N] row-major, N contiguous
 *
 * It gives the gradient of the values of a sparse A by `A · B`, C being the gradient of the product (Gale, Zaharia, Young, Elsen
 * 2020, §6). S lies as the values of A do: row by row, each padded to a multiple of four, with zeros in the padding.
 *
 * A lane takes four entries of a row at a time, so that a load of C serves four products; lanes along N share them, and add
 * their sums in pairs. Rows come sorted by length, so that those of a workgroup end together.
 */
export interface SampledProductVariant {
  /** Lanes of a workgroup along N (a power of two), along the entries of a row and along the rows. */
  readonly lanesN: number;
  readonly lanesE: number;
  readonly lanesM: number;
  /** Two column indices in a 32-bit word. */
  readonly packedColumns: boolean;
}

/** vec4 of a lane that are summed before they join the rest, so that rounding grows slower than with N. */
const BLOCK = 16;

export function sampledProductKernel(variant: SampledProductVariant): Kernel {
  const { lanesN, lanesE, lanesM, packedColumns } = variant;
  const sum = (e: number) => `(sum${e}.x + sum${e}.y) + (sum${e}.z + sum${e}.w)`;
  return kernel({
    name: `sampled product, ${lanesM}x${lanesE}x${lanesN} lanes${packedColumns ? ', 16-bit' : ''}`,
    parameters: [
      { name: 'rows', type: 'u32' },
      { name: 'columns4', type: 'u32' },
    ],
    bindings: [
      { name: 'rows_of_a', element: 'vec4u', access: 'read' },
      { name: 'columns_of_a', element: packedColumns ? 'vec2u' : 'vec4u', access: 'read' },
      { name: 'c', element: 'vec4f', access: 'read' },
      { name: 'b', element: 'vec4f', access: 'read' },
      { name: 'sampled', element: 'vec4f', access: 'read_write' },
    ],
    body: /* wgsl */ `
${lanesN > 1 ? `var<workgroup> shares: array<vec4f, ${lanesN * lanesE * lanesM}>;` : ''}
@compute @workgroup_size(${lanesN}, ${lanesE}, ${lanesM})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let bundle = ${WORKGROUP} * ${lanesM}u;
  if (bundle >= params.rows) { return; }
  let slot = bundle + lane.z;
  let longest = rows_of_a[bundle].z;
  var row = rows_of_a[min(slot, params.rows - 1u)];
  if (slot >= params.rows) { row.z = 0u; }
  let n4 = params.columns4;
  let from_c = row.x * n4;
  for (var round = 0u; round < longest; round += ${lanesE}u) {
    let four = round + lane.y;
    let exists = four < row.z;
    let at = select(0u, row.y + four, exists);
    let columns = ${fourColumns('columns_of_a[at]', packedColumns)};
    let from_b = columns * n4;
${unroll(4, (e) => `    var sum${e} = vec4f();`)}
    // What does not exist has nothing to sum; its lanes stay for the barriers.
    let end = select(0u, n4, exists);
    for (var block = lane.x; block < end; block += ${lanesN * BLOCK}u) {
${unroll(4, (e) => `      var part${e} = vec4f();`)}
      for (var n = block; n < min(block + ${lanesN * BLOCK}u, end); n += ${lanesN}u) {
        let of_c = c[from_c + n];
${unroll(4, (e) => `        part${e} = fma(of_c, b[from_b[${e}] + n], part${e});`)}
      }
${unroll(4, (e) => `      sum${e} += part${e};`)}
    }
    var sums = vec4f(${unroll(4, sum, ', ')});
${lanesN > 1 ? joinShares(lanesN) : ''}
    // Padding repeats the column before it.
    let padding = vec4<bool>(false, columns.x == columns.y, columns.y == columns.z, columns.z == columns.w);
    if (exists${lanesN > 1 ? ' && lane.x == 0u' : ''}) { sampled[at] = select(sums, vec4f(), padding); }
  }
}
`,
  });
}

/** Of lanes side by side the first gets the sum of all. */
function joinShares(lanesN: number): string {
  return /* wgsl */ `    shares[index] = sums;
    workgroupBarrier();
    for (var half = ${lanesN / 2}u; half > 0u; half >>= 1u) {
      if (lane.x < half) { shares[index] += shares[index + half]; }
      workgroupBarrier();
    }
    sums = shares[index];`;
}

/** Bytes of workgroup memory. */
export function sampledProductMemory({ lanesN, lanesE, lanesM }: SampledProductVariant): number {
  return lanesN > 1 ? 16 * lanesN * lanesE * lanesM : 0;
}

export function sampledProductGrid({ lanesM }: SampledProductVariant, rows: number): Grid {
  return workgroupGrid(ceilDivide(rows, lanesM));
}
