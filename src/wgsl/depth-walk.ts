import { addParts, type BlockSums, type Blocks, declareParts, eachBlock, sumBytes } from './block-sums.ts';
import { unroll } from './kernel.ts';
import type { Lanes } from './product-epilogue.ts';
import { splitSums, splitSumsMemory } from './split-sums.ts';

/**
 * How the lanes of a workgroup get at what they multiply. Where K is summed in the same blocks, all give equal bits.
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
}

/** What is summed along K, in WGSL. Steps of K come in units that share a load of A: of one step, or of four. */
export interface DepthTerms {
  /** Those of every row and column of an invocation, `R_V` behind their names. */
  readonly sums: BlockSums;
  /** Columns of an invocation, as many at once as the type of the sums has. */
  readonly columns: number;
  /** Steps of K in a unit. */
  readonly steps: 1 | 4;
  /** WGSL type of a unit of A. */
  readonly unit: Lanes;
  /** What comes before a unit `k` is read. */
  readonly open: string;
  /** Expression: where an invocation's own row `r` of A begins; and any row, by the expression of its number. */
  ownRow(r: number): string;
  anyRow(row: string): string;
  /** Expression of unit `k` of A. @param row where its row begins */
  a(row: string): string;
  /** Expression: where step `step` of K begins in B. */
  base(step: string): string;
  /** Expression of B at `base` and column `v` of an invocation. */
  b(v: number): string;
  /** Blocks of units; of as many that tiles divide them, but for the last of a range of K. */
  readonly blocks: Blocks;
  /** Whether blocks are parts; else, which only cached operands allow, their terms join the sums one by one. */
  readonly gathered: boolean;
}

/** WGSL of a walk. */
export interface DepthWalk {
  /** Workgroup memory. */
  readonly declarations: string;
  /** Further inputs of `main`. */
  readonly inputs: string;
  /** Adds up the sums over all blocks. Unless operands are cached, the whole workgroup must walk. */
  readonly walk: string;
}

export function depthWalk(variant: DepthWalkVariant, terms: DepthTerms): DepthWalk {
  switch (variant.operands) {
    case 'cached':
      return cachedWalk(variant, terms);
    case 'staged':
      return stagedWalk(variant, terms);
    case 'split':
      return splitWalk(variant, terms);
  }
}

/** Steps of K that are staged at once; blocks are a multiple of it. */
const STAGED_STEPS = 16;

/** Bytes of workgroup memory that a walk takes. */
export function depthWalkMemory(
  { operands, lanesN, lanesM, lanesK, rows }: DepthWalkVariant,
  { sums, columns }: Pick<DepthTerms, 'sums' | 'columns'>,
): number {
  if (operands === 'staged') {
    return (lanesM * rows * 4 + lanesN * columns * sumBytes(sums)) * STAGED_STEPS;
  }
  return operands === 'split' ? splitSumsMemory(sums, lanesN * lanesM * lanesK) : 0;
}

function cachedWalk(variant: DepthWalkVariant, terms: DepthTerms): DepthWalk {
  const { sums, blocks, gathered } = terms;
  return {
    declarations: '',
    inputs: '',
    walk: eachBlock(
      blocks,
      gathered
        ? `${declareParts(sums)}
${sumBlock(variant, terms)}
${addParts(sums)}`
        : sumBlock(variant, terms),
    ),
  };
}

function stagedWalk(variant: DepthWalkVariant, terms: DepthTerms): DepthWalk {
  const { lanesN, lanesM, rows } = variant;
  const { sums, columns, steps, unit, open, anyRow, a, base, b, blocks } = terms;
  const [tileRows, tileColumns, lanes] = [lanesM * rows, lanesN * columns, lanesN * lanesM];
  const units = STAGED_STEPS / steps;
  const [unitOf, stepOf] = steps === 1 ? ['i', 'k'] : [`i / ${steps}u`, `k * ${steps}u + i % ${steps}u`];
  return {
    declarations: `
var<workgroup> tile_a: array<${unit}, ${tileRows * units}>;
var<workgroup> tile_b: array<${sums.type}, ${tileColumns * STAGED_STEPS}>;`,
    inputs: ', @builtin(local_invocation_index) index: u32',
    walk: eachBlock(
      blocks,
      `${declareParts(sums)}
    let end = ${blocks.stop};
    for (var tile = ${blocks.start}; tile < end; tile += ${units}u) {
      // All have read the tile before.
      workgroupBarrier();
      for (var i = index; i < ${tileRows * units}u; i += ${lanes}u) {
        let row = min(group.y * ${tileRows}u + i / ${units}u, params.rows - 1u);
        let k = min(tile + i % ${units}u, end - 1u);
${open}
        tile_a[i] = ${a(anyRow('row'))};
      }
      for (var i = lane.y; i < ${STAGED_STEPS}u; i += ${lanesM}u) {
        let k = min(tile + ${unitOf}, end - 1u);
        let base = ${base(stepOf)};
${unroll(columns, (v) => `        tile_b[i * ${tileColumns}u + lane.x + ${v * lanesN}u] = ${b(v)};`)}
      }
      workgroupBarrier();
      for (var k = 0u; k < min(${units}u, end - tile); k++) {
${unroll(rows, (r) => `        let a${r} = tile_a[(lane.y * ${rows}u + ${r}u) * ${units}u + k];`)}
${unroll(
  steps,
  (e) => `        {
          let base = (k * ${steps}u + ${e}u) * ${tileColumns}u + lane.x;
${unroll(columns, (v) => `          let b${v} = tile_b[base + ${v * lanesN}u];`)}
${multiply(variant, terms, e)}
        }`,
)}
      }
    }
${addParts(sums)}`,
    ),
  };
}

function splitWalk(variant: DepthWalkVariant, terms: DepthTerms): DepthWalk {
  const { lanesN, lanesM, lanesK } = variant;
  const { sums, blocks } = terms;
  const { declarations, input, begin, join } = splitSums(sums, lanesK, lanesN * lanesM);
  return {
    declarations,
    inputs: input,
    walk: `${begin}
  for (var round = 0u; round < ${blocks.end}; round += ${blocks.step! * lanesK}u) {
    let block = ${blocks.first} + round + lane.z * ${blocks.step}u;
${blocks.open(true)}
${declareParts(sums)}
${sumBlock(variant, terms)}
${join}
  }`,
  };
}

/** WGSL: adds up the units of `block`. */
function sumBlock(variant: DepthWalkVariant, terms: DepthTerms): string {
  const { columns, steps, open, ownRow, a, base, b, blocks } = terms;
  const loadsOfA = unroll(variant.rows, (r) => `    let a${r} = ${a(ownRow(r))};`);
  const loadsOfB = unroll(columns, (v) => `      let b${v} = ${b(v)};`);
  return `  for (var k = ${blocks.start}; k < ${blocks.stop}; k++) {
${open}
${
  steps === 1
    ? `    let base = ${base('k')};
${loadsOfA}
${loadsOfB}
${multiply(variant, terms, 0)}`
    : `${loadsOfA}
${unroll(
  steps,
  (e) => `    {
      let base = ${base(`k * ${steps}u + ${e}u`)};
${loadsOfB}
${multiply(variant, terms, e)}
    }`,
)}`
}
  }`;
}

/** WGSL: one step of K for all rows and columns of an invocation. */
function multiply(
  { rows }: DepthWalkVariant,
  { sums, columns, steps, gathered }: DepthTerms,
  e: number,
): string {
  const value = (r: number) => (steps === 1 ? `a${r}` : `${sums.type}(a${r}[${e}])`);
  return unroll(rows, (r) =>
    unroll(columns, (v) => {
      const { sum, part } = sums.each[r * columns + v];
      const into = gathered ? part : sum;
      return `      ${into} = fma(${value(r)}, b${v}, ${into});`;
    }),
  );
}
