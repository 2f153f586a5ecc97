import { halvesToFloats } from './half-values.ts';
import { ceilDivide, unroll } from './kernel.ts';
import { splitSums, splitSumsMemory } from './split-sums.ts';

/**
 * How the lanes of a workgroup get at the entries of their rows. All sum a row in blocks of `block` fours, one after the
 * other, so that they differ in speed and not in a single bit.
 *
 *     cached     every lane along N reads the row's entries itself; the cache broadcasts them
 *     staged     the lanes along N read a part of the row each and hand it round in workgroup memory
 *     subgroup   the same, through the registers of a subgroup
 *     split      `lanesK` lanes sum a block of the row each; the blocks are added in their order
 */
export type EntryScheme = 'cached' | 'staged' | 'subgroup' | 'split';

/** What a walk needs to know of its kernel. */
export interface RowWalkVariant {
  readonly entries: EntryScheme;
  /** Lanes of a workgroup along N, M (rows) and K (blocks of a row). */
  readonly lanesN: number;
  readonly lanesM: number;
  readonly lanesK: number;
  /** vec4 of columns an invocation owns. */
  readonly vectors: number;
  /** Fours of entries that are summed before they join the rest of their row. */
  readonly block: number;
  /** Whole blocks are written out, so that a GPU waits for all their loads at once; where entries are cached or split. */
  readonly unrolled: boolean;
  /** Two column indices in a 32-bit word. */
  readonly packedColumns: boolean;
  /** Two values of 16 bits in a 32-bit word. */
  readonly halfValues: boolean;
}

/** WGSL of a walk. */
export interface RowWalk {
  /** Before everything else. */
  readonly directives: string;
  /** Workgroup memory. */
  readonly declarations: string;
  /** Further inputs of `main`. */
  readonly inputs: string;
  /**
   * Adds up `sumV` over `row` (row, first four, fours, …), for columns `columnV` of B with `n4` vec4 in a row. Unless
   * entries are cached, the whole workgroup must walk, with `longest` its longest row.
   */
  readonly walk: string;
}

export function rowWalk(variant: RowWalkVariant): RowWalk {
  switch (variant.entries) {
    case 'cached':
      return cachedWalk(variant);
    case 'staged':
      return stagedWalk(variant);
    case 'subgroup':
      return subgroupWalk(variant);
    case 'split':
      return splitWalk(variant);
  }
}

/** Bytes of workgroup memory that a walk takes. */
export function rowWalkMemory(variant: Omit<RowWalkVariant, 'packedColumns' | 'halfValues'>): number {
  const { entries, lanesM, lanesN, lanesK, vectors } = variant;
  if (entries === 'staged') return 2 * lanesM * chunkOf(variant) * 32;
  if (entries === 'split') return splitSumsMemory(vectors, lanesK * lanesM * lanesN);
  return 0;
}

function cachedWalk(variant: RowWalkVariant): RowWalk {
  const { block, vectors } = variant;
  return {
    directives: '',
    declarations: '',
    inputs: '',
    walk: `  let end = row.y + row.z;
  for (var block = row.y; block < end; block += ${block}u) {
${clearParts(vectors)}
${sumBlock(variant)}
${addParts(vectors)}
  }`,
  };
}

function stagedWalk(variant: RowWalkVariant): RowWalk {
  const { block, vectors, lanesN, lanesM } = variant;
  const chunk = chunkOf(variant);
  return {
    directives: '',
    // Two of each: while one is read, the next is written, so that one barrier a chunk is enough.
    declarations: `
var<workgroup> staged_bases: array<vec4u, ${2 * lanesM * chunk}>;
var<workgroup> staged_values: array<vec4f, ${2 * lanesM * chunk}>;`,
    inputs: '',
    walk: `  var stage = lane.y * ${chunk}u;
  var other_stage = stage + ${lanesM * chunk}u;
  for (var chunk = 0u; chunk < longest; chunk += ${chunk}u) {
    let fours = min(row.z - min(chunk, row.z), ${chunk}u);
${unroll(
  ceilDivide(chunk, lanesN),
  (part) => `    {
      let place = lane.x + ${part * lanesN}u;
      if (place < fours) {
        let entry = row.y + chunk + place;
        staged_bases[stage + place] = ${bases(variant, 'entry')};
        staged_values[stage + place] = ${values(variant, 'entry')};
      }
    }`,
)}
    workgroupBarrier();
    let end = stage + fours;
    for (var block = stage; block < end; block += ${block}u) {
${clearParts(vectors)}
      for (var entry = block; entry < min(block + ${block}u, end); entry++) {
        let bases = staged_bases[entry];
        let values = staged_values[entry];
${multiply(vectors)}
      }
${addParts(vectors)}
    }
    let next_stage = other_stage;
    other_stage = stage;
    stage = next_stage;
  }`,
  };
}

function subgroupWalk(variant: RowWalkVariant): RowWalk {
  const { block, vectors } = variant;
  return {
    // The compiler sees only uniformity of the workgroup; the loops below are uniform within each subgroup.
    directives: 'enable subgroups;\ndiagnostic(off, subgroup_uniformity);\n',
    declarations: '',
    inputs: ', @builtin(subgroup_invocation_id) own: u32',
    // How lanes are gathered into subgroups is not promised: those share that are numbered without gaps and have one row.
    walk: `  let count = subgroupAdd(1u);
  let gapless = subgroupMax(own) < count;
  let same_row = subgroupMin(slot) == subgroupMax(slot);
  let together = gapless & same_row;
  let peers = select(1u, count, together);
  let place = select(0u, own, together);
${clearParts(vectors)}
  for (var chunk = 0u; chunk < longest; chunk += peers) {
    let entry = select(0u, row.y + chunk + place, chunk + place < row.z);
    let own_bases = ${bases(variant, 'entry')};
    let own_values = ${values(variant, 'entry')};
    let fours = min(peers, longest - chunk);
    for (var i = 0u; i < fours; i++) {
      let holder = select(own, i, together);
      let bases = subgroupShuffle(own_bases, holder);
      let values = subgroupShuffle(own_values, holder);
      if (chunk + i < row.z) {
${multiply(vectors)}
      }
      if ((chunk + i + 1u) % ${block}u == 0u) {
${addParts(vectors)}
${unroll(vectors, (v) => `        part${v} = ${OPAQUE_ZERO};`)}
      }
    }
  }
${addParts(vectors)}`,
  };
}

function splitWalk(variant: RowWalkVariant): RowWalk {
  const { block, vectors, lanesN, lanesM, lanesK } = variant;
  const sums = Array.from({ length: vectors }, (_, v) => ({ sum: `sum${v}`, part: `part${v}` }));
  const { declarations, input, begin, join } = splitSums(sums, lanesK, lanesN * lanesM);
  return {
    directives: '',
    declarations,
    inputs: input,
    walk: `${begin}
  let end = row.y + row.z;
  for (var round = 0u; round < longest; round += ${block * lanesK}u) {
    let block = row.y + round + lane.z * ${block}u;
${clearParts(vectors)}
${sumBlock(variant)}
${join}
  }`,
  };
}

/** Fours of a row that are staged at once: whole blocks, enough to keep every lane busy. */
function chunkOf({ lanesN, block }: Pick<RowWalkVariant, 'lanesN' | 'block'>): number {
  return ceilDivide(lanesN, block) * block;
}

/** WGSL: adds up the parts over the entries from `block` on that lie before `end`. */
function sumBlock(variant: RowWalkVariant): string {
  const { block, vectors, unrolled } = variant;
  const four = `let bases = ${bases(variant, 'entry')};
      let values = ${values(variant, 'entry')};
${multiply(vectors)}
    }`;
  const loop = `    for (var entry = block; entry < min(block + ${block}u, end); entry++) {
      ${four}`;
  if (!unrolled) return loop;
  return `    if (block + ${block}u <= end) {
${unroll(
  block,
  (i) => `    {
      let entry = block + ${i}u;
      ${four}`,
)}
    } else {
${loop}
    }`;
}

/** WGSL: where the rows of B that four entries meet begin, in vec4. */
function bases({ packedColumns }: RowWalkVariant, at: string): string {
  const columns = `columns_of_a[${at}]`;
  return `${packedColumns ? `((${columns}.xxyy >> vec4u(0u, 16u, 0u, 16u)) & vec4u(0xffffu))` : columns} * n4`;
}

/** WGSL: the values of four entries. */
function values({ halfValues }: RowWalkVariant, at: string): string {
  const stored = `values_of_a[${at}]`;
  return halfValues ? halvesToFloats(stored) : stored;
}

/** WGSL: four entries times the columns of an invocation. */
function multiply(vectors: number): string {
  return unroll(
    4,
    (e) => `      {
        let base = bases[${e}];
        let value = vec4f(values[${e}]);
${unroll(vectors, (v) => `        part${v} = fma(value, b[base + column${v}], part${v});`)}
      }`,
  );
}

/** WGSL of a zero that no compiler sees, where `n4` is what it is anywhere: below 2³¹. */
const OPAQUE_ZERO = 'vec4f(f32(n4 >> 31u))';

/**
 * The parts begin with a zero that no compiler knows: it could fold the sum of the row into the end of a written-out chain of
 * multiply-adds that begins with nothing, and add in another order than loops do.
 */
function clearParts(vectors: number): string {
  return unroll(vectors, (v) => `    var part${v} = ${OPAQUE_ZERO};`);
}

function addParts(vectors: number): string {
  return unroll(vectors, (v) => `    sum${v} += part${v};`);
}
