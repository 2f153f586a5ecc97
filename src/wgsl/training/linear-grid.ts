import { ceilDivide, type Grid } from '../kernel.ts';

/** Lanes of a workgroup in which every invocation owns one element. */
const LANES = 64;
/** Workgroups that WebGPU guarantees along each side of a grid. */
const MOST_GROUPS = 65_535;

/** A grid of invocations for so many elements, see `eachElement`. */
export function linearGrid(count: number): Grid {
  const groups = ceilDivide(count, LANES);
  return [Math.min(groups, MOST_GROUPS), ceilDivide(groups, MOST_GROUPS), 1];
}

/** WGSL entry point that runs `body` for every `i` below `count`, dispatched over a `linearGrid`. */
export function eachElement(count: string, body: string): string {
  return /* wgsl */ `
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * ${MOST_GROUPS}u + group.x) * ${LANES}u + lane;
  if (i >= ${count}) { return; }
${body}
}
`;
}
