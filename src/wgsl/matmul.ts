import { declareSums, tileSums } from './block-sums.ts';
import { type DepthTerms, type DepthWalkVariant, depthWalk, depthWalkMemory } from './depth-walk.ts';
import { halvesToFloats } from './half-values.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { type Epilogue, epilogueBindings, epilogueTag, storeResult } from './product-epilogue.ts';

/**
 * Dense product with its epilogue: the fallback for layers that are too dense, and the comparator of the sparse product.
 *
 *     C[M,N] = epilogue(A[M,K] · B[K,N] + bias[M])      all row-major; K padded to a multiple of 4 with zeros in A
 *
 * Register-tiled: an invocation owns `rows` × `vectors` vec4 of C and walks K four steps at a time, so each vec4 of A
 * serves 4·`vectors` products and each of B `rows`. How the lanes get at them is the walk's part.
 */
export interface MatmulVariant extends DepthWalkVariant {
  /** vec4 of columns an invocation owns. */
  readonly vectors: number;
  /** Fours of K that are summed before they join the rest; all of K where undefined, which only cached operands allow. */
  readonly block: number | undefined;
  /** Values of A have 16 bits, two in a 32-bit word. */
  readonly halfValues: boolean;
  /** The tiles of rows and columns come out even: nothing needs to be guarded. */
  readonly fits: boolean;
  readonly epilogue: Epilogue;
}

export function matmulKernel(variant: MatmulVariant): Kernel {
  const { operands, lanesN, lanesM, lanesK, rows, vectors, halfValues, epilogue } = variant;
  const { declarations, inputs, walk } = depthWalk(variant, matmulTerms(variant));
  // Where the workgroup walks together, lanes beyond the rows or columns have to stay.
  const alone = operands === 'cached';
  const fits = variant.fits && alone;
  return kernel({
    name: [
      `matmul ${lanesM}x${lanesN}${lanesK > 1 ? `x${lanesK}` : ''} lanes, ${rows} rows x ${vectors} vec4, ${operands}`,
      fits ? '' : ', ragged',
      halfValues ? ', half' : '',
      epilogueTag(epilogue),
    ].join(''),
    parameters: [
      { name: 'rows', type: 'u32' },
      { name: 'depth', type: 'u32' },
      { name: 'columns4', type: 'u32' },
    ],
    bindings: [
      { name: 'a', element: halfValues ? 'vec2u' : 'vec4f', access: 'read' },
      { name: 'bias', element: 'f32', access: 'read' },
      { name: 'b', element: 'vec4f', access: 'read' },
      ...epilogueBindings(epilogue),
      { name: 'result', element: 'vec4f', access: 'read_write' },
    ],
    body: /* wgsl */ `${declarations}
@compute @workgroup_size(${lanesN}, ${lanesM}, ${lanesK})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u${inputs}) {
  let first_row = (group.y * ${lanesM}u + lane.y) * ${rows}u;
  let first = group.x * ${lanesN * vectors}u + lane.x;
  let n4 = params.columns4;
${alone ? '  if (first_row >= params.rows || first >= n4) { return; }' : ''}
  let depth4 = (params.depth + 3u) / 4u;
  // Rows and columns past the end repeat the last one; they are not stored.
${unroll(rows, (r) => {
  const row = `first_row + ${r}u`;
  return `  let row${r} = ${fits ? `(${row})` : `min(${row}, params.rows - 1u)`} * depth4;`;
})}
${unroll(vectors, (v) => {
  const column = `first + ${v * lanesN}u`;
  return `  let column${v} = ${fits ? column : `min(${column}, n4 - 1u)`};`;
})}
${declareSums(tileSums('vec4f', rows, vectors))}
${walk}
${lanesK > 1 ? '  if (lane.z > 0u) { return; }' : ''}
${unroll(rows, (r) =>
  unroll(vectors, (v) => {
    const at = `(first_row + ${r}u) * n4 + column${v}`;
    const store = storeResult(epilogue, `(sum${r}_${v} + bias[first_row + ${r}u])`, at, `column${v}`);
    return fits
      ? `  ${store}`
      : `  if (first_row + ${r}u < params.rows && first + ${v * lanesN}u < n4) { ${store} }`;
  }),
)}
}
`,
  });
}

/** Bytes of workgroup memory. */
export function matmulMemory(variant: Omit<MatmulVariant, 'fits' | 'halfValues' | 'epilogue'>): number {
  return depthWalkMemory(variant, matmulTerms({ ...variant, halfValues: false }));
}

/** Whether tiles divide rows and columns. @param columns4 N / 4 */
export function matmulFits(
  { lanesN, rows: tileRows, vectors }: Pick<MatmulVariant, 'lanesN' | 'rows' | 'vectors'>,
  rows: number,
  columns4: number,
): boolean {
  return rows % tileRows === 0 && columns4 % (lanesN * vectors) === 0;
}

/** @param columns4 N / 4 */
export function matmulGrid(variant: MatmulVariant, rows: number, columns4: number): Grid {
  return [
    ceilDivide(columns4, variant.lanesN * variant.vectors),
    ceilDivide(rows, variant.lanesM * variant.rows),
    1,
  ];
}

/** Units are fours of K. */
function matmulTerms(variant: Omit<MatmulVariant, 'fits' | 'epilogue'>): DepthTerms {
  const { rows, vectors, block, halfValues } = variant;
  return {
    sums: tileSums('vec4f', rows, vectors),
    columns: vectors,
    steps: 4,
    unit: 'vec4f',
    open: '',
    ownRow: (r) => `row${r}`,
    anyRow: (row) => `${row} * depth4`,
    a: (row) => (halfValues ? halvesToFloats(`a[${row} + k]`) : `a[${row} + k]`),
    // The last steps of a K that is no multiple of 4 meet zeros of A: any row of B will do.
    base: (step) => `min(${step}, params.depth - 1u) * n4`,
    b: (v) => `b[base + column${v}]`,
    blocks: {
      first: '0u',
      end: 'depth4',
      step: block,
      open: () => '',
      start: block === undefined ? '0u' : 'block',
      stop: block === undefined ? 'depth4' : `min(block + ${block}u, depth4)`,
    },
    gathered: block !== undefined,
  };
}
