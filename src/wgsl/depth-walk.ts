import { halvesToFloats } from './half-values.ts';
import { unroll } from './kernel.ts';
import { splitSums, splitSumsMemory } from './split-sums.ts';

/**
 * How the lanes of a workgroup get at what they multiply. Where K is summed in blocks of one length, all give equal bits.
 *
 *     cached     every lane reads its rows of A and columns of B itself; the caches serve lanes that share them
 *     staged     lanes read a tile of A and one of B together, and each takes its rows and columns from workgroup memory
 *     split      `lanesK` lanes sum a block of K each; the blocks are added in their order
 */
export type OperandScheme = 'cached' | 'staged' | 'split';

/** What a walk needs to know of its kernel. */
export interface DepthWalkVariant {
  readonly operands: OperandScheme;
  /** Lanes of a workgroup along N, M and K. */
  readonly lanesN: number;
  readonly lanesM: number;
  readonly lanesK: number;
  /** Rows of C an invocation owns. */
  readonly rows: number;
  /** vec4 of columns an invocation owns. */
  readonly vectors: number;
  /** Fours of K that are summed before they join the rest; all of K where undefined, which only cached operands allow. */
  readonly block: number | undefined;
  /** Values of A have 16 bits, two in a 32-bit word. */
  readonly halfValues: boolean;
}

/** WGSL of a walk. */
export interface DepthWalk {
  /** Workgroup memory. */
  readonly declarations: string;
  /** Further inputs of `main`. */
  readonly inputs: string;
  /**
   * Adds up `sumR_V` over `depth4` fours of K, for rows of A that begin at `rowR`, in fours, and columns `columnV` of B with
   * `n4` vec4 in a row. Unless operands are cached, the whole workgroup must walk.
   */
  readonly walk: string;
}

export function depthWalk(variant: DepthWalkVariant): DepthWalk {
  switch (variant.operands) {
    case 'cached':
      return cachedWalk(variant);
    case 'staged':
      return stagedWalk(variant);
    case 'split':
      return splitWalk(variant);
  }
}

/** Fours of K that are staged at once; blocks are a multiple of it. */
const STAGED = 4;

/** Bytes of workgroup memory that a walk takes. */
export function depthWalkMemory(variant: Omit<DepthWalkVariant, 'halfValues'>): number {
  const { operands, lanesN, lanesM, lanesK, rows, vectors } = variant;
  if (operands === 'staged') return (lanesM * rows + 4 * lanesN * vectors) * STAGED * 16;
  if (operands === 'split') return splitSumsMemory(rows * vectors, lanesN * lanesM * lanesK);
  return 0;
}

function cachedWalk(variant: DepthWalkVariant): DepthWalk {
  const { block } = variant;
  return {
    declarations: '',
    inputs: '',
    walk:
      block === undefined
        ? sumRange(variant, 'sum', '0u', 'depth4')
        : `  for (var block = 0u; block < depth4; block += ${block}u) {
${clearParts(variant)}
${sumRange(variant, 'part', 'block', `min(block + ${block}u, depth4)`)}
${addParts(variant)}
  }`,
  };
}

function stagedWalk(variant: DepthWalkVariant): DepthWalk {
  const { lanesN, lanesM, rows, vectors, block } = variant;
  const [tileRows, tileColumns, lanes] = [lanesM * rows, lanesN * vectors, lanesN * lanesM];
  return {
    declarations: `
var<workgroup> tile_a: array<vec4f, ${tileRows * STAGED}>;
var<workgroup> tile_b: array<vec4f, ${tileColumns * STAGED * 4}>;`,
    inputs: ', @builtin(local_invocation_index) index: u32',
    walk: `  for (var block = 0u; block < depth4; block += ${block}u) {
${clearParts(variant)}
    let end = min(block + ${block}u, depth4);
    for (var tile = block; tile < end; tile += ${STAGED}u) {
      // All have read the tile before.
      workgroupBarrier();
      for (var i = index; i < ${tileRows * STAGED}u; i += ${lanes}u) {
        let row = min(group.y * ${tileRows}u + i / ${STAGED}u, params.rows - 1u);
        tile_a[i] = ${valueOfA(variant, `row * depth4 + min(tile + i % ${STAGED}u, depth4 - 1u)`)};
      }
      for (var i = index; i < ${tileColumns * STAGED * 4}u; i += ${lanes}u) {
        let k = min(tile * 4u + i / ${tileColumns}u, params.depth - 1u);
        tile_b[i] = b[k * n4 + min(group.x * ${tileColumns}u + i % ${tileColumns}u, n4 - 1u)];
      }
      workgroupBarrier();
      for (var four = 0u; four < min(${STAGED}u, end - tile); four++) {
${unroll(rows, (r) => `        let a${r} = tile_a[(lane.y * ${rows}u + ${r}u) * ${STAGED}u + four];`)}
${unroll(
  4,
  (e) => `        {
          let base = (four * 4u + ${e}u) * ${tileColumns}u + lane.x;
${unroll(vectors, (v) => `          let b${v} = tile_b[base + ${v * lanesN}u];`)}
${multiply(variant, 'part', e)}
        }`,
)}
      }
    }
${addParts(variant)}
  }`,
  };
}

function splitWalk(variant: DepthWalkVariant): DepthWalk {
  const { lanesN, lanesM, lanesK, block } = variant;
  const sums = outputs(variant).map((output) => ({ sum: `sum${output}`, part: `part${output}` }));
  const { declarations, input, begin, join } = splitSums(sums, lanesK, lanesN * lanesM);
  return {
    declarations,
    inputs: input,
    walk: `${begin}
  for (var round = 0u; round < depth4; round += ${block! * lanesK}u) {
    let block = round + lane.z * ${block}u;
${clearParts(variant)}
${sumRange(variant, 'part', 'block', `min(block + ${block}u, depth4)`)}
${join}
  }`,
  };
}

/** WGSL: adds up some fours of K into the sums, or into their parts. */
function sumRange(variant: DepthWalkVariant, into: 'sum' | 'part', start: string, end: string): string {
  const { rows, vectors } = variant;
  return `  for (var k4 = ${start}; k4 < ${end}; k4++) {
${unroll(rows, (r) => `    let a${r} = ${valueOfA(variant, `row${r} + k4`)};`)}
${unroll(
  4,
  (e) => `    {
      // The last steps of a K that is no multiple of 4 meet zeros of A: any row of B will do.
      let base = min(k4 * 4u + ${e}u, params.depth - 1u) * n4;
${unroll(vectors, (v) => `      let b${v} = b[base + column${v}];`)}
${multiply(variant, into, e)}
    }`,
)}
  }`;
}

/** WGSL: four values of A. */
function valueOfA({ halfValues }: DepthWalkVariant, at: string): string {
  return halfValues ? halvesToFloats(`a[${at}]`) : `a[${at}]`;
}

/** WGSL: one step of K for all rows and columns of an invocation. */
function multiply({ rows, vectors }: DepthWalkVariant, into: 'sum' | 'part', e: number): string {
  return unroll(rows, (r) =>
    unroll(vectors, (v) => `      ${into}${r}_${v} = fma(vec4f(a${r}[${e}]), b${v}, ${into}${r}_${v});`),
  );
}

function clearParts(variant: DepthWalkVariant): string {
  return outputs(variant)
    .map((output) => `    var part${output} = vec4f();`)
    .join('\n');
}

function addParts(variant: DepthWalkVariant): string {
  return outputs(variant)
    .map((output) => `    sum${output} += part${output};`)
    .join('\n');
}

/** `R_V` of every row and vec4 of columns that an invocation owns. */
function outputs({ rows, vectors }: DepthWalkVariant): string[] {
  return Array.from({ length: rows * vectors }, (_, i) => `${Math.floor(i / vectors)}_${i % vectors}`);
}
