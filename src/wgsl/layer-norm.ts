import { ceilDivide, type Grid, type Kernel, kernel } from './kernel.ts';

/**
 * Layer normalisation of every column.
 *
 *     y[d,n] = (x[d,n] − mean_d) · inverseSqrt(var_d + epsilon) · scale[d] + bias[d]      x, y [D,N], N contiguous
 *
 * The variance is biased and taken from squared differences, in a second pass, as the original does. Sums are made of
 * `parts` parts, each of every `parts`-th feature; how many decides the last bits of a result, who adds them up does not.
 */
export interface LayerNormVariant {
  readonly parts: number;
  /** Whether every part has a lane of its own; else one lane does all, one after the other. */
  readonly shared: boolean;
  /** vec4 of columns in a workgroup. */
  readonly columns: number;
}

/** Features of a part that are summed before they join the others. */
const BLOCK = 16;

export function layerNormKernel({ parts, shared, columns }: LayerNormVariant): Kernel {
  const sum = (total: string, add: string) => {
    const part = `
    var part_sum = vec4f();
    for (var block = part; block < d_end; block += ${BLOCK * parts}u) {
      // In blocks, so that rounding grows with the block and the number of blocks, not with the features.
      var block_sum = vec4f();
      for (var d = block; d < min(block + ${BLOCK * parts}u, d_end); d += ${parts}u) { ${add} }
      part_sum += block_sum;
    }`;
    return shared
      ? `  var ${total} = vec4f();
  {
    let part = lane.y;${part}
    part_sums[lane.x * ${parts}u + part] = part_sum;
    workgroupBarrier();
    for (var i = 0u; i < ${parts}u; i++) { ${total} += part_sums[lane.x * ${parts}u + i]; }
    workgroupBarrier();
  }`
      : `  var ${total} = vec4f();
  for (var part = 0u; part < ${parts}u; part++) {${part}
    ${total} += part_sum;
  }`;
  };
  const [begin, stride] = shared ? ['lane.y', parts] : ['0u', 1];
  return kernel({
    name: `layer norm, ${parts} parts${shared ? ' shared' : ''}, ${columns} columns`,
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
${shared ? `var<workgroup> part_sums: array<vec4f, ${parts * columns}>;` : ''}
@compute @workgroup_size(${columns}, ${shared ? parts : 1})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let n4 = params.columns4;
  let d_end = params.features;
  let own = group.x * ${columns}u + lane.x;
  // Lanes past the end work on the last column: barriers need all lanes.
  let column = min(own, n4 - 1u);
${sum('total', 'block_sum += x[d * n4 + column];')}
  let mean = total / f32(d_end);
${sum(
  'squares',
  `let difference = x[d * n4 + column] - mean;
        block_sum = fma(difference, difference, block_sum);`,
)}
  let factor = inverseSqrt(squares / f32(d_end) + params.epsilon);
  if (own >= n4) { return; }
  for (var d = ${begin}; d < d_end; d += ${stride}u) {
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
