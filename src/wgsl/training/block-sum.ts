import { ceilDivide } from '../kernel.ts';
import { blockedRounds, loopRounds } from '../loop-rounds.ts';

/**
 * Terms that are summed before they join the rest: rounding grows with this and the number of blocks, not
 * with the terms.
 */
const BLOCK = 64;

/** What is summed; a vector sums several side by side. */
type Terms = 'f32' | 'vec2f';

/**
 * WGSL that sums `term` over `j` from 0 below `count` in one invocation.
 * @param total name of the sum it declares
 * @param term expression of a term, of `j`
 */
export function blockSum(total: string, count: string, term: string, type: Terms = 'f32'): string {
  return sumOfLane(total, count, term, '0u', 1, type);
}

/** Rounds of loops in a `blockSum`, or for an invocation in a `sharedSum`. */
export function sumRounds(count: number, lanes = 1): number {
  const ofLane = blockedRounds(ceilDivide(count, lanes), BLOCK);
  return lanes === 1 ? ofLane : ofLane + loopRounds(Math.log2(lanes));
}

/** Workgroup memory of `sharedSum`. */
export function sumMemory(lanes: number): string {
  return lanes === 1 ? '' : `var<workgroup> partials: array<f32, ${lanes}>;`;
}

/**
 * As `blockSum`, by all lanes of a workgroup (`lane`, a power of two of them) together; all of them get the
 * sum.
 */
export function sharedSum(lanes: number, total: string, count: string, term: string): string {
  if (lanes === 1) return blockSum(total, count, term);
  return /* wgsl */ `${sumOfLane(`${total}_of_lane`, count, term, 'lane', lanes)}
  partials[lane] = ${total}_of_lane;
  workgroupBarrier();
  for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {
    if (lane < half) { partials[lane] += partials[lane + half]; }
    workgroupBarrier();
  }
  let ${total} = partials[0];
  workgroupBarrier();`;
}

function sumOfLane(
  total: string,
  count: string,
  term: string,
  lane: string,
  lanes: number,
  type: Terms = 'f32',
): string {
  return /* wgsl */ `
  var ${total} = ${type}();
  for (var block = ${lane}; block < ${count}; block += ${BLOCK * lanes}u) {
    var part = ${type}();
    for (var j = block; j < min(block + ${BLOCK * lanes}u, ${count}); j += ${lanes}u) { part += ${term}; }
    ${total} += part;
  }`;
}
