import { type BlockSums, declareSums, opaqueZero } from './block-sums.ts';
import { halvesToFloats } from './half-values.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { type Epilogue, epilogueBindings, epilogueTag, storeResult } from './product-epilogue.ts';
import { type RowTerms, type RowWalkVariant, rowWalk, rowWalkMemory } from './row-walk.ts';

/**
 * Sparse × dense product with its epilogue.
 *
 *     C[M,N] = epilogue(A[M,K] · B[K,N] + bias[M])      A sparse; B, C and the residual row-major, N contiguous
 *
 * One-dimensional tiling after Sputnik (Gale, Zaharia, Young, Elsen 2020, §5): an invocation owns one row of A and `vectors`
 * vec4 of columns, reads the row's entries four at a time and keeps its sums in registers. Rows come sorted by length
 * ("row swizzle"), so that neighbours in a workgroup end together. How the lanes get at the entries is the walk's part.
 *
 * On a GPU, lanes lie along N so that they read B together. A CPU adapter pays for every scalar it loads and nothing for
 * locality between lanes: there each invocation takes as many columns as its registers hold, and lanes lie along M.
 */
export interface SpmmVariant extends RowWalkVariant {
  /** vec4 of columns an invocation owns. */
  readonly vectors: number;
  /** Fours of entries that are summed before they join the rest of their row. */
  readonly block: number;
  /** Two column indices in a 32-bit word. */
  readonly packedColumns: boolean;
  /** Two values of 16 bits in a 32-bit word. */
  readonly halfValues: boolean;
  /** The tiles of the columns come out even: nothing needs to be guarded. */
  readonly fits: boolean;
  readonly epilogue: Epilogue;
}

/** Rows of A as the kernel reads them: (row, first entry / 4, entries / 4, bias as bits), longest row first. */
export const SPMM_ROW_WORDS = 4;

export function spmmKernel(variant: SpmmVariant): Kernel {
  const { entries, unrolled, lanesN, lanesM, lanesK, vectors, fits, packedColumns, halfValues, epilogue } =
    variant;
  const { declarations, inputs, walk } = rowWalk(variant, spmmTerms(variant));
  // Lanes beyond the rows or columns have to stay where the workgroup walks together.
  const alone = entries === 'cached';
  const guarded = (v: number) => (alone ? !fits && v > 0 : !fits);
  const body = /* wgsl */ `${declarations}
@compute @workgroup_size(${lanesN}, ${lanesM}, ${lanesK})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u${inputs}) {
  let bundle = (group.y + group.z * 65535u) * ${lanesM}u;
  let slot = bundle + lane.y;
  let first = group.x * ${lanesN * vectors}u + lane.x;
  let n4 = params.columns4;
${
  alone
    ? `  if (slot >= params.rows || first >= n4) { return; }
  let row = rows_of_a[slot];`
    : `  if (bundle >= params.rows) { return; }
  let longest = rows_of_a[bundle].z;
  var row = rows_of_a[min(slot, params.rows - 1u)];
  if (slot >= params.rows) { row.z = 0u; }`
}
${unroll(vectors, (v) => {
  const column = `first + ${v * lanesN}u`;
  // Columns past the end repeat the last one; they are not stored.
  return `  let column${v} = ${fits ? column : `min(${column}, n4 - 1u)`};`;
})}
${declareSums(spmmSums(vectors))}
  let end = row.y + row.z;
${walk}
${alone ? '' : `  if (slot >= params.rows${lanesK > 1 ? ' || lane.z > 0u' : ''}) { return; }`}
  let bias = bitcast<f32>(row.w);
  let to = row.x * n4;
${unroll(vectors, (v) => {
  const store = storeResult(epilogue, `(sum${v} + bias)`, `to + column${v}`, `column${v}`);
  return guarded(v) ? `  if (first + ${v * lanesN}u < n4) { ${store} }` : `  ${store}`;
})}
}
`;
  return kernel({
    name: [
      `spmm ${lanesM}x${lanesN}${lanesK > 1 ? `x${lanesK}` : ''} lanes, ${vectors} vec4, ${entries}${unrolled ? ' unrolled' : ''}`,
      fits ? '' : ', ragged',
      packedColumns ? ', 16-bit' : '',
      halfValues ? ', half' : '',
      epilogueTag(epilogue),
    ].join(''),
    parameters: [
      { name: 'rows', type: 'u32' },
      { name: 'columns4', type: 'u32' },
    ],
    bindings: [
      { name: 'rows_of_a', element: 'vec4u', access: 'read' },
      { name: 'columns_of_a', element: packedColumns ? 'vec2u' : 'vec4u', access: 'read' },
      { name: 'values_of_a', element: halfValues ? 'vec2u' : 'vec4f', access: 'read' },
      { name: 'b', element: 'vec4f', access: 'read' },
      ...epilogueBindings(epilogue),
      { name: 'result', element: 'vec4f', access: 'read_write' },
    ],
    body,
  });
}

/** Bytes of workgroup memory. */
export function spmmMemory(variant: Omit<SpmmVariant, 'fits' | 'packedColumns' | 'halfValues' | 'epilogue'>) {
  return rowWalkMemory(variant, spmmTerms({ ...variant, packedColumns: false, halfValues: false }));
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

/** WGSL expression of the column indices of four entries. @param packed whether two of them share a word */
export function fourColumns(columns: string, packed: boolean): string {
  return packed ? `((${columns}.xxyy >> vec4u(0u, 16u, 0u, 16u)) & vec4u(0xffffu))` : columns;
}

/** Entries are fours: where the rows of B that they meet begin, in vec4, and their values. */
function spmmTerms(variant: Omit<SpmmVariant, 'fits' | 'epilogue'>): RowTerms {
  const { lanesN, vectors, block, packedColumns, halfValues } = variant;
  return {
    sums: spmmSums(vectors),
    fields: [
      { name: 'bases', type: 'vec4u' },
      { name: 'values', type: 'vec4f' },
    ],
    read(at) {
      const values = `values_of_a[${at}]`;
      return `let bases = ${fourColumns(`columns_of_a[${at}]`, packedColumns)} * n4;
      let values = ${halfValues ? halvesToFloats(values) : values};`;
    },
    multiply: unroll(
      4,
      (e) => `      {
        let base = bases[${e}];
        let value = vec4f(values[${e}]);
${unroll(vectors, (v) => `        part${v} = fma(value, b[base + column${v}], part${v});`)}
      }`,
    ),
    firstEntry: 'row.y',
    entryCount: 'row.z',
    // A block goes by the index of its first four.
    blocks: {
      first: 'row.y',
      end: 'end',
      step: block,
      open: () => '',
      start: 'block',
      stop: `min(block + ${block}u, end)`,
      length: block,
    },
    chunk: ceilDivide(lanesN, block) * block,
  };
}

function spmmSums(vectors: number): BlockSums {
  return {
    type: 'vec4f',
    zero: opaqueZero('vec4f', 'n4'),
    each: Array.from({ length: vectors }, (_, v) => ({
      sum: `sum${v}`,
      part: `part${v}`,
      share: `part${v}`,
    })),
  };
}
