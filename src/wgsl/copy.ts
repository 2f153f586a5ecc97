import { ceilDivide, type Grid, type Kernel, kernel } from './kernel.ts';

/** Lanes of a workgroup. */
const LANES = 64;
/** Workgroups along x, so that y seldom needs more than one. */
const ROW = 65_535;

/** `to = from`, word by word: keeps a value that lives in a plan's arena. */
export const COPY: Kernel = kernel({
  name: 'copy',
  parameters: [{ name: 'words', type: 'u32' }],
  bindings: [
    { name: 'original', element: 'u32', access: 'read' },
    { name: 'duplicate', element: 'u32', access: 'read_write' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let word = (group.x + group.y * ${ROW}u) * ${LANES}u + lane;
  if (word < params.words) { duplicate[word] = original[word]; }
}`,
});

export function copyGrid(words: number): Grid {
  const groups = ceilDivide(words, LANES);
  return [Math.min(groups, ROW), ceilDivide(groups, ROW), 1];
}
