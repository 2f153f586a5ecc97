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
 * @param sums names of the sums, `vec4f`, and of their parts
 * @param lanesK lanes along z
 * @param lanes lanes along x and y together
 */
export function splitSums(
  sums: readonly { sum: string; part: string }[],
  lanesK: number,
  lanes: number,
): SplitSums {
  const invocations = lanesK * lanes;
  const size = sums.length * invocations;
  return {
    // Two of each: while one is read, the next is written, so that one barrier a round is enough.
    declarations: `\nvar<workgroup> parts: array<vec4f, ${2 * size}>;`,
    input: ', @builtin(local_invocation_index) index: u32',
    begin: '  var own = index;',
    join: `${unroll(sums.length, (i) => `    parts[own + ${i * invocations}u] = ${sums[i].part};`)}
    workgroupBarrier();
    if (lane.z == 0u) {
      for (var k = 0u; k < ${invocations}u; k += ${lanes}u) {
${unroll(sums.length, (i) => `        ${sums[i].sum} += parts[own + k + ${i * invocations}u];`)}
      }
    }
    own = select(own - ${size}u, own + ${size}u, own < ${size}u);`,
  };
}

/** Bytes of workgroup memory. */
export function splitSumsMemory(sums: number, invocations: number): number {
  return 2 * sums * invocations * 16;
}
