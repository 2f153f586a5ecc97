import { type BlockSums, sumBytes } from './block-sums.ts';
import { unroll } from './kernel.ts';

/**
 * WGSL of lanes along z that share sums: in every round each has the part of one block, and lane 0 adds the blocks in their
 * order to what it has. Bits are those of one lane that goes through all blocks.
 */
export interface SplitSums {
  readonly declarations: string;
  /** Input of `main`. */
  readonly input: string;
  /** Before the first round. */
  readonly begin: string;
  /** At the end of a round, which the whole workgroup must reach. */
  readonly join: string;
}

/**
 * @param lanesK lanes along z
 * @param lanes lanes along x and y together
 */
export function splitSums({ type, each }: BlockSums, lanesK: number, lanes: number): SplitSums {
  const invocations = lanesK * lanes;
  const size = each.length * invocations;
  return {
    // Two of each: while one is read, the next is written, so that one barrier a round is enough.
    declarations: `\nvar<workgroup> parts: array<${type}, ${2 * size}>;`,
    input: ', @builtin(local_invocation_index) index: u32',
    begin: '  var own = index;',
    join: `${unroll(each.length, (i) => `    parts[own + ${i * invocations}u] = ${each[i].share};`)}
    workgroupBarrier();
    if (lane.z == 0u) {
      for (var k = 0u; k < ${invocations}u; k += ${lanes}u) {
${unroll(each.length, (i) => `        ${each[i].sum} += parts[own + k + ${i * invocations}u];`)}
      }
    }
    own = select(own - ${size}u, own + ${size}u, own < ${size}u);`,
  };
}

/** Bytes of workgroup memory. */
export function splitSumsMemory(sums: BlockSums, invocations: number): number {
  return 2 * sums.each.length * invocations * sumBytes(sums);
}
