import type { Graph } from '../../src/graph/plan/graph.ts';
import type { GraphTensor } from '../../src/graph/plan/node.ts';
import { type Kernel, kernel } from '../../src/wgsl/kernel.ts';

/** Elements of the vectors that are blended. */
export const BLEND_LENGTH = 64;

/** `sum = a · weight + b`, in one workgroup: the smallest kernel with parameters and more than one input. */
export const BLEND: Kernel = kernel({
  name: 'blend',
  parameters: [
    { name: 'shift', type: 'u32' },
    { name: 'weight', type: 'f32' },
  ],
  bindings: [
    { name: 'a', element: 'f32', access: 'read' },
    { name: 'b', element: 'f32', access: 'read' },
    { name: 'sum', element: 'f32', access: 'read_write' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(${BLEND_LENGTH})
fn main(@builtin(local_invocation_index) lane: u32) {
  sum[lane] = a[lane] * params.weight + b[(lane + params.shift) % ${BLEND_LENGTH}u];
}`,
});

/** Records a blend: `a`, scaled, and `b`, turned round. */
export function blend(
  graph: Graph,
  { a, b, sum }: { a: GraphTensor; b: GraphTensor; sum: GraphTensor },
  { shift, weight }: { shift: number; weight: number } = { shift: 0, weight: 1 },
): void {
  graph.dispatch(BLEND, [1, 1, 1], { shift, weight }, { a, b, sum });
}
