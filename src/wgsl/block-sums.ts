import { unroll } from './kernel.ts';
import type { Lanes } from './product-epilogue.ts';

/**
 * Sums that an invocation gathers block by block: the terms of a block make a part, one after the other, and the parts join
 * the sum in the order of their blocks. Whoever keeps to that gets the same bits, whichever lane computes which part.
 */
export interface BlockSums {
  readonly type: Lanes;
  /** WGSL of the zero that parts begin with. */
  readonly zero: string;
  readonly each: readonly BlockSum[];
}

/** One of them, by the names of its variables. */
export interface BlockSum {
  readonly sum: string;
  readonly part: string;
  /** WGSL of what joins the sum when a block ends: the part, or what of it counts. */
  readonly share: string;
}

/** The sums of a tile of rows and columns: `sumR_V`, row after row. */
export function tileSums(type: Lanes, rows: number, columns: number): BlockSums {
  const each = Array.from({ length: rows * columns }, (_, i) => {
    const output = `${Math.floor(i / columns)}_${i % columns}`;
    return { sum: `sum${output}`, part: `part${output}`, share: `part${output}` };
  });
  return { type, zero: `${type}()`, each };
}

/** Where the blocks of a sum begin and end, in WGSL. */
export interface Blocks {
  /** Expressions: number of the first block, and that behind the last. */
  readonly first: string;
  readonly end: string;
  /** How far apart the numbers of blocks are; nothing where all is one block, which has no number. */
  readonly step: number | undefined;
  /**
   * What comes before the terms of `block`.
   * @param beyond the number may lie past the end; such a block must begin where it stops, or behind
   */
  open(beyond: boolean): string;
  /** Expressions behind `open`: index of the first term of `block`, and that behind its last. */
  readonly start: string;
  readonly stop: string;
}

/** WGSL: `body` for one block after the other. */
export function eachBlock({ first, end, step, open }: Blocks, body: string): string {
  if (step === undefined) return `${open(false)}${body}`;
  return `  for (var block = ${first}; block < ${end}; block += ${step}u) {
${open(false)}
${body}
  }`;
}

/** WGSL: variables for the sums. */
export function declareSums({ type, each }: BlockSums): string {
  return unroll(each.length, (i) => `  var ${each[i].sum} = ${type}();`);
}

/** WGSL: variables for the parts of a block. */
export function declareParts({ zero, each }: BlockSums): string {
  return unroll(each.length, (i) => `    var ${each[i].part} = ${zero};`);
}

/** WGSL: begins the parts of the next block. */
export function clearParts({ zero, each }: BlockSums): string {
  return unroll(each.length, (i) => `    ${each[i].part} = ${zero};`);
}

/** WGSL: ends a block. */
export function addParts({ each }: BlockSums): string {
  return unroll(each.length, (i) => `    ${each[i].sum} += ${each[i].share};`);
}

/** Bytes of one sum. */
export function sumBytes({ type }: Pick<BlockSums, 'type'>): number {
  return type === 'f32' ? 4 : 16;
}

/**
 * WGSL of a zero that no compiler sees, from a number that is below 2³¹ anywhere. Compilers could fold a sum into the end of
 * a written-out chain of multiply-adds that begins with nothing, and so add in another order than loops do.
 */
export function opaqueZero(type: Lanes, number: string): string {
  return `${type}(f32(${number} >> 31u))`;
}
