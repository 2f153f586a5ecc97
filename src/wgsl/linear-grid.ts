import { ceilDivide, type Grid } from './kernel.ts';

/** Lanes of a workgroup in which every invocation owns one element. */
const LANES = 64;
/** Workgroups that WebGPU guarantees along each side of a grid. */
const MOST_GROUPS = 65_535;

/** A grid of so many workgroups; the last row of it may have more, so kernels compare `WORKGROUP` with their number. */
export function workgroupGrid(count: number): Grid {
  return [Math.min(count, MOST_GROUPS), ceilDivide(count, MOST_GROUPS), 1];
}

/** WGSL expression of which of a `workgroupGrid` the workgroup `group` is. */
export const WORKGROUP = `(group.y * ${MOST_GROUPS}u + group.x)`;

/** A grid of invocations for so many elements, see `eachElement`. */
export function linearGrid(count: number): Grid {
  return workgroupGrid(ceilDivide(count, LANES));
}

/** WGSL entry point that runs `body` for every `i` below `count`, dispatched over a `linearGrid`. */
export function eachElement(count: string, body: string): string {
  return /* wgsl */ `
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = ${WORKGROUP} * ${LANES}u + lane;
  if (i >= ${count}) { return; }
${body}
}
`;
}
