import { addParts, type BlockSums, type Blocks, clearParts, declareParts, eachBlock } from './block-sums.ts';
import { ceilDivide, unroll } from './kernel.ts';
import { splitSums, splitSumsMemory } from './split-sums.ts';

/**
 * How the lanes of a workgroup get at the entries of their rows. All sum a row block by block, so that they differ in speed
 * and not in a single bit.
 *
 *     cached   every lane along N reads the row's entries itself; the cache broadcasts them
 *     staged   the lanes along N read a part of the row each and hand it round in workgroup memory
 *     split    `lanesK` lanes sum a block of the row each; the blocks are added in their order
 */
export type EntryScheme = 'cached' | 'staged' | 'split';

/** What a walk needs to know of its kernel. */
export interface RowWalkVariant {
  readonly entries: EntryScheme;
  /** Lanes of a workgroup along N, M (rows) and K (blocks of a row). */
  readonly lanesN: number;
  readonly lanesM: number;
  readonly lanesK: number;
  /** Entries of a block are written out, so that a GPU waits for all their loads at once; where entries are cached or split. */
  readonly unrolled: boolean;
}

/** What is summed along a row, in WGSL. An entry is what a row stores one after the other: a term, or four. */
export interface RowTerms {
  readonly sums: BlockSums;
  /** What is read of an entry. */
  readonly fields: readonly EntryField[];
  /** Reads an entry: declares all fields. @param at expression of its index */
  read(at: string): string;
  /** Adds an entry to the parts. */
  readonly multiply: string;
  /** Expressions: index of the row's first entry, and how many it has. */
  readonly firstEntry: string;
  readonly entryCount: string;
  readonly blocks: RowBlocks;
  /** Entries of a row that are staged at once: enough to keep every lane busy. */
  readonly chunk: number;
}

/** A number or four, as it is read of an entry. */
export interface EntryField {
  readonly name: string;
  readonly type: 'u32' | 'f32' | 'vec4u' | 'vec4f';
}

/** Blocks of a row's entries. */
export interface RowBlocks extends Blocks {
  readonly step: number;
  /** Entries of each block but the last of a row, where all have as many; blocks go by their first entry then. */
  readonly length: number | undefined;
}

/** WGSL of a walk. */
export interface RowWalk {
  /** Workgroup memory. */
  readonly declarations: string;
  /** Further inputs of `main`. */
  readonly inputs: string;
  /**
   * Adds up the sums over a row. Unless entries are cached, the whole workgroup must walk, with `longest` the most that a row
   * of it has: of entries, or where they are split of numbers of blocks, `end` less `first`.
   */
  readonly walk: string;
}

export function rowWalk(variant: RowWalkVariant, terms: RowTerms): RowWalk {
  switch (variant.entries) {
    case 'cached':
      return cachedWalk(variant, terms);
    case 'staged':
      return stagedWalk(variant, terms);
    case 'split':
      return splitWalk(variant, terms);
  }
}

/** Bytes of workgroup memory that a walk takes. */
export function rowWalkMemory(
  { entries, lanesM, lanesN, lanesK }: RowWalkVariant,
  { fields, chunk, sums }: Pick<RowTerms, 'fields' | 'chunk' | 'sums'>,
): number {
  if (entries === 'staged') {
    const bytes = fields.map(({ type }) => (type === 'u32' || type === 'f32' ? 4 : 16));
    return 2 * lanesM * chunk * bytes.reduce((sum, size) => sum + size, 0);
  }
  return entries === 'split' ? splitSumsMemory(sums, lanesK * lanesM * lanesN) : 0;
}

function cachedWalk({ unrolled }: RowWalkVariant, terms: RowTerms): RowWalk {
  const { sums, blocks } = terms;
  return {
    declarations: '',
    inputs: '',
    walk: eachBlock(
      blocks,
      `${declareParts(sums)}
${sumBlock(terms, unrolled)}
${addParts(sums)}`,
    ),
  };
}

/** Chunk by chunk; blocks end where they do, within a chunk or behind it. */
function stagedWalk({ lanesN, lanesM }: RowWalkVariant, terms: RowTerms): RowWalk {
  const { sums, multiply, fields, firstEntry, entryCount, blocks, chunk } = terms;
  // Two of each: while one is read, the next is written, so that one barrier a chunk is enough.
  const declarations = fields.map(
    ({ name, type }) => `\nvar<workgroup> staged_${name}: array<${type}, ${2 * lanesM * chunk}>;`,
  );
  const put = fields.map(({ name }) => `        staged_${name}[stage + place] = ${name};`);
  const get = fields.map(({ name }) => `        let ${name} = staged_${name}[stage + place];`);
  return {
    declarations: declarations.join(''),
    inputs: '',
    walk: `  var stage = lane.y * ${chunk}u;
  var other_stage = stage + ${lanesM * chunk}u;
  var block = ${blocks.first};
${declareParts(sums)}
  for (var chunk = 0u; chunk < longest; chunk += ${chunk}u) {
    // Nothing lies between them when the row has ended.
    let chunk_start = ${firstEntry} + chunk;
    let chunk_stop = ${firstEntry} + min(chunk + ${chunk}u, ${entryCount});
${unroll(
  ceilDivide(chunk, lanesN),
  (part) => `    {
      let place = lane.x + ${part * lanesN}u;
      if (chunk_start + place < chunk_stop) {
        ${terms.read('chunk_start + place')}
${put.join('\n')}
      }
    }`,
)}
    workgroupBarrier();
    for (var entry = chunk_start; entry < chunk_stop; ) {
${blocks.open(false)}
      let block_stop = ${blocks.stop};
      let stop = min(block_stop, chunk_stop);
      for (; entry < stop; entry++) {
        let place = entry - chunk_start;
${get.join('\n')}
${multiply}
      }
      if (stop == block_stop) {
${addParts(sums)}
${clearParts(sums)}
        block += ${blocks.step}u;
      }
    }
    let next_stage = other_stage;
    other_stage = stage;
    stage = next_stage;
  }`,
  };
}

function splitWalk({ lanesN, lanesM, lanesK, unrolled }: RowWalkVariant, terms: RowTerms): RowWalk {
  const { sums, blocks } = terms;
  const { declarations, input, begin, join } = splitSums(sums, lanesK, lanesN * lanesM);
  return {
    declarations,
    inputs: input,
    walk: `${begin}
  for (var round = 0u; round < longest; round += ${blocks.step * lanesK}u) {
    let block = ${blocks.first} + round + lane.z * ${blocks.step}u;
${blocks.open(true)}
${declareParts(sums)}
${sumBlock(terms, unrolled)}
${join}
  }`,
  };
}

/** WGSL: adds up the parts over the entries of `block`. */
function sumBlock({ read, multiply, blocks }: RowTerms, unrolled: boolean): string {
  const { start, stop, length } = blocks;
  const loop = (init: string) => `    for (${init}; entry < ${stop}; entry++) {
      ${read('entry')}
${multiply}
    }`;
  if (!unrolled) return loop(`var entry = ${start}`);
  const writtenOut = (count: number, from: string) =>
    unroll(
      count,
      (i) => `    {
      let entry = ${from} + ${i}u;
      ${read('entry')}
${multiply}
    }`,
    );
  if (length !== undefined) {
    return `    if (${start} + ${length}u <= ${blocks.end}) {
${writtenOut(length, start)}
    } else {
${loop(`var entry = ${start}`)}
    }`;
  }
  return `    var entry = ${start};
    for (; entry + ${WRITTEN_OUT}u <= ${stop}; entry += ${WRITTEN_OUT}u) {
      let next = entry;
${writtenOut(WRITTEN_OUT, 'next')}
    }
${loop('')}`;
}

/** Entries that are written out at once where blocks have any number of them. */
const WRITTEN_OUT = 4;
