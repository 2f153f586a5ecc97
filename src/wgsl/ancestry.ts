import { Control } from './beam-step.ts';
import { type Grid, type Kernel, kernel } from './kernel.ts';

/**
 * Follows the beams when they change places: after a step, `ancestry[t, c]` is the slot of its sentence in which the
 * hypothesis that is now in slot `c` left its keys and values at position `t`.
 *
 *     ancestry[t, b·beam + k] ← ancestry[t, b·beam + parents[step, b·beam + k]]      for t < step
 *     ancestry[step, b·beam + k] ← parents[step, b·beam + k]
 */
export interface AncestryVariant {
  readonly beam: number;
  /** Positions in a workgroup. */
  readonly lanes: number;
}

export function ancestryKernel({ beam, lanes }: AncestryVariant): Kernel {
  return kernel({
    name: `ancestry ${beam}, ${lanes} lanes`,
    parameters: [{ name: 'sentences', type: 'u32' }],
    bindings: [
      { name: 'control', element: 'u32', access: 'read' },
      { name: 'parents', element: 'u32', access: 'read' },
      { name: 'ancestry', element: 'u32', access: 'read_write' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let hypotheses = params.sentences * ${beam}u;
  let base = group.x * ${beam}u;
  // The beam step has counted itself already. Once decoding is done its last step comes by again: its ancestry is not used.
  let step = control[${Control.step}] - 1u;
  var parent: array<u32, ${beam}>;
  var slot: array<u32, ${beam}>;
  for (var k = 0u; k < ${beam}u; k++) { parent[k] = parents[step * hypotheses + base + k]; }
  for (var t = lane.x; t < step; t += ${lanes}u) {
    for (var k = 0u; k < ${beam}u; k++) { slot[k] = ancestry[t * hypotheses + base + parent[k]]; }
    for (var k = 0u; k < ${beam}u; k++) { ancestry[t * hypotheses + base + k] = slot[k]; }
  }
  if (lane.x == 0u) {
    for (var k = 0u; k < ${beam}u; k++) { ancestry[step * hypotheses + base + k] = parent[k]; }
  }
}
`,
  });
}

export function ancestryGrid(sentences: number): Grid {
  return [sentences, 1, 1];
}
