import { ceilDivide, type Grid, type Kernel, kernel } from './kernel.ts';

/**
 * Average over the whole of every picture, feature-major.
 *
 *     y[C, B] = Σ over pixels of x[C, B·Y·X] / (Y·X)
 *
 * One invocation, one channel of one picture. Columns of y past the last picture become 0.
 */
export const AVERAGE_POOL: Kernel = kernel({
  name: 'average pool',
  parameters: [
    { name: 'channels', type: 'u32' },
    { name: 'pictures', type: 'u32' },
    { name: 'area', type: 'u32' },
    { name: 'in_columns', type: 'u32' },
    { name: 'out_columns', type: 'u32' },
  ],
  bindings: [
    { name: 'x', element: 'f32', access: 'read' },
    { name: 'y', element: 'f32', access: 'read_write' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let channel = id.x / params.out_columns;
  let picture = id.x % params.out_columns;
  if (channel >= params.channels) { return; }
  var sum = 0.0;
  if (picture < params.pictures) {
    let at = channel * params.in_columns + picture * params.area;
    for (var pixel = 0u; pixel < params.area; pixel++) { sum += x[at + pixel]; }
  }
  y[id.x] = sum / f32(params.area);
}
`,
});

export function averagePoolGrid(channels: number, outColumns: number): Grid {
  return [ceilDivide(channels * outColumns, 64), 1, 1];
}
