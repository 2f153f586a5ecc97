import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { type Epilogue, epilogueBindings, epilogueTag, storeResult } from './product-epilogue.ts';

/**
 * Sparse × dense product with its epilogue.
 *
 *     C[M,N] = epilogue(A[M,K] · B[K,N] + bias[M])      A sparse; B, C and the residual row-major, N contiguous
 *
 * One-dimensional tiling after Sputnik (Gale, Zaharia, Young, Elsen 2020, §5): an invocation owns one row of A and `vectors`
 * vec4 of columns, reads the row's entries four at a time and keeps its sums in registers. Rows come sorted by length
 * ("row swizzle"), so that neighbours in a workgroup end together. Entries are broadcast from the cache: all lanes along N
 * read the same ones.
 *
 * On a GPU, lanes lie along N so that they read B together. A CPU adapter pays for every scalar it loads and nothing for
 * locality between lanes: there each invocation takes as many columns as its registers hold, and lanes lie along M.
 */
export interface SpmmVariant {
  /** Lanes of a workgroup along N. */
  readonly lanesN: number;
  /** Rows of A in a workgroup. */
  readonly lanesM: number;
  /** vec4 of columns an invocation owns. */
  readonly vectors: number;
  /** The tiles of the columns come out even: nothing needs to be guarded. */
  readonly fits: boolean;
  /** Two column indices in a 32-bit word; K ≤ 65,536. */
  readonly packedColumns: boolean;
  readonly epilogue: Epilogue;
}

/** Rows of A as the kernel reads them: (row, first entry / 4, entries / 4, bias as bits), longest row first. */
export const SPMM_ROW_WORDS = 4;

/** Entries are read four at a time. */
const ENTRIES = 4;
/**
 * Fours of entries that are summed before they join the rest of the row: rounding then grows with this and with the number
 * of blocks, instead of with the length of the row. Shorter blocks cost a software adapter a quarter of its speed.
 */
const BLOCK = 16;

export function spmmKernel(variant: SpmmVariant): Kernel {
  const { lanesN, lanesM, vectors, fits, packedColumns, epilogue } = variant;
  const name = `spmm ${lanesM}x${lanesN} lanes, ${vectors} vec4${fits ? '' : ', ragged'}${packedColumns ? ', 16-bit' : ''}${epilogueTag(epilogue)}`;
  return kernel({
    name,
    parameters: [
      { name: 'rows', type: 'u32' },
      { name: 'columns4', type: 'u32' },
    ],
    bindings: [
      { name: 'rows_of_a', element: 'vec4u', access: 'read' },
      { name: 'columns_of_a', element: packedColumns ? 'vec2u' : 'vec4u', access: 'read' },
      { name: 'values_of_a', element: 'vec4f', access: 'read' },
      { name: 'b', element: 'vec4f', access: 'read' },
      ...epilogueBindings(epilogue),
      { name: 'result', element: 'vec4f', access: 'read_write' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(${lanesN}, ${lanesM})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let slot = (group.y + group.z * 65535u) * ${lanesM}u + lane.y;
  let first = group.x * ${lanesN * vectors}u + lane.x;
  let n4 = params.columns4;
  if (slot >= params.rows || first >= n4) { return; }
  let row = rows_of_a[slot];
  let bias = bitcast<f32>(row.w);
${unroll(vectors, (v) => {
  const column = `first + ${v * lanesN}u`;
  // Columns past the end repeat the last one; they are not stored.
  return `  let column${v} = ${fits ? column : `min(${column}, n4 - 1u)`};`;
})}
${unroll(vectors, (v) => `  var sum${v} = vec4f();`)}
  let end = row.y + row.z;
  for (var block = row.y; block < end; block += ${BLOCK}u) {
${unroll(vectors, (v) => `    var part${v} = vec4f();`)}
    for (var entry = block; entry < min(block + ${BLOCK}u, end); entry++) {
      let columns = columns_of_a[entry];
      let values = values_of_a[entry];
${unroll(ENTRIES, (e) => {
  const column = packedColumns
    ? `(columns.${e < 2 ? 'x' : 'y'} ${e % 2 === 0 ? '& 0xffffu' : '>> 16u'})`
    : `columns[${e}]`;
  return `      {
        let base = ${column} * n4;
        let value = vec4f(values[${e}]);
${unroll(vectors, (v) => `        part${v} = fma(value, b[base + column${v}], part${v});`)}
      }`;
})}
    }
${unroll(vectors, (v) => `    sum${v} += part${v};`)}
  }
  let to = row.x * n4;
${unroll(vectors, (v) => {
  const store = storeResult(epilogue, `(sum${v} + bias)`, `to + column${v}`, `column${v}`);
  return fits || v === 0 ? `  ${store}` : `  if (first + ${v * lanesN}u < n4) { ${store} }`;
})}
}
`,
  });
}

/** Whether tiles divide the columns. @param columns4 N / 4 */
export function spmmFits(
  { lanesN, vectors }: Pick<SpmmVariant, 'lanesN' | 'vectors'>,
  columns4: number,
): boolean {
  return columns4 % (lanesN * vectors) === 0;
}

/** @param columns4 N / 4 */
export function spmmGrid(variant: SpmmVariant, rows: number, columns4: number): Grid {
  const bundles = ceilDivide(rows, variant.lanesM);
  return [
    ceilDivide(columns4, variant.lanesN * variant.vectors),
    Math.min(bundles, 65_535),
    ceilDivide(bundles, 65_535),
  ];
}
