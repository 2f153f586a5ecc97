import { ceilDivide, type Grid, type Kernel, kernel } from './kernel.ts';

/**
 * Layer normalisation of every column.
 *
 *     y[d,n] = (x[d,n] − mean_d) · inverseSqrt(var_d + epsilon) · scale[d] + bias[d]      x, y [D,N], N contiguous
 *
 * The variance is biased and taken from squared differences, in a second pass, as the original does. A lane owns a vec4 of
 * columns; `lanes` lanes share it, each with every `lanes`-th feature (one on a CPU adapter).
 */
export interface LayerNormVariant {
  /** Lanes along the features. */
  readonly lanes: number;
  /** vec4 of columns in a workgroup. */
  readonly columns: number;
}

/** Features of a lane that are summed before they join the others. */
const BLOCK = 16;

export function layerNormKernel({ lanes, columns }: LayerNormVariant): Kernel {
  const shared = lanes > 1;
  const sumUp = (partial: string, total: string) =>
    shared
      ? `  partials[lane.x * ${lanes}u + lane.y] = ${partial};
  workgroupBarrier();
  var ${total} = vec4f();
  for (var i = 0u; i < ${lanes}u; i++) { ${total} += partials[lane.x * ${lanes}u + i]; }
  workgroupBarrier();`
      : `  let ${total} = ${partial};`;
  return kernel({
    name: `layer norm ${lanes}x${columns} lanes`,
    parameters: [
      { name: 'features', type: 'u32' },
      { name: 'columns4', type: 'u32' },
      { name: 'epsilon', type: 'f32' },
    ],
    bindings: [
      { name: 'x', element: 'vec4f', access: 'read' },
      { name: 'scale', element: 'f32', access: 'read' },
      { name: 'bias', element: 'f32', access: 'read' },
      { name: 'y', element: 'vec4f', access: 'read_write' },
    ],
    body: /* wgsl */ `
${shared ? `var<workgroup> partials: array<vec4f, ${lanes * columns}>;` : ''}
@compute @workgroup_size(${columns}, ${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let n4 = params.columns4;
  let d_end = params.features;
  let own = group.x * ${columns}u + lane.x;
  // Lanes past the end work on the last column: barriers need all lanes.
  let column = min(own, n4 - 1u);
  // Summed in blocks, so that rounding grows with the block and the number of blocks, not with the features.
  var sum = vec4f();
  for (var block = lane.y; block < d_end; block += ${BLOCK * lanes}u) {
    var part = vec4f();
    for (var d = block; d < min(block + ${BLOCK * lanes}u, d_end); d += ${lanes}u) { part += x[d * n4 + column]; }
    sum += part;
  }
${sumUp('sum', 'total')}
  let mean = total / f32(d_end);
  var squares = vec4f();
  for (var block = lane.y; block < d_end; block += ${BLOCK * lanes}u) {
    var part = vec4f();
    for (var d = block; d < min(block + ${BLOCK * lanes}u, d_end); d += ${lanes}u) {
      let difference = x[d * n4 + column] - mean;
      part = fma(difference, difference, part);
    }
    squares += part;
  }
${sumUp('squares', 'total_squares')}
  let factor = inverseSqrt(total_squares / f32(d_end) + params.epsilon);
  if (own >= n4) { return; }
  for (var d = lane.y; d < d_end; d += ${lanes}u) {
    y[d * n4 + column] = (x[d * n4 + column] - mean) * factor * scale[d] + bias[d];
  }
}
`,
  });
}

/** @param columns4 N / 4 */
export function layerNormGrid(variant: LayerNormVariant, columns4: number): Grid {
  return [ceilDivide(columns4, variant.columns), 1, 1];
}
