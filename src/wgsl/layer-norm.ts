import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { magnitudeBits, poisonedBy } from './not-a-number.ts';

/**
 * Layer normalisation of every column.
 *
 *     y[d,n] = (x[d,n] − mean_d) · inverseSqrt(var_d + epsilon) · scale[d] + bias[d]      x, y [D,N], N contiguous
 *
 * The variance is biased and taken from squared differences, in a second pass, as the original does. Sums are made of
 * `parts` parts, each of every `parts`-th feature; how many decides the last bits of a result, who adds them up, and from
 * where, does not.
 */
export interface LayerNormVariant {
  readonly parts: number;
  /** Whether every part has a lane of its own; else one lane does all, one after the other. */
  readonly shared: boolean;
  /** vec4 of columns in a workgroup. */
  readonly columns: number;
  /** D where each lane holds the features of its part in registers, all loaded at once; else they are read for every pass. */
  readonly held: number | undefined;
}

/** Features that overflow when they are squared would all become their bias. */
const FACTOR = poisonedBy(
  magnitudeBits('squares', 'vec4f'),
  'inverseSqrt(squares / f32(d_end) + params.epsilon)',
  'vec4f',
);

/** Features of a part that are summed before they join the others. */
const BLOCK = 16;

export function layerNormKernel(variant: LayerNormVariant): Kernel {
  const { parts, shared, columns, held } = variant;
  return kernel({
    name: `layer norm, ${parts} parts${shared ? ' shared' : ''}, ${columns} columns${held === undefined ? '' : `, ${held} held`}`,
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
${held === undefined ? readAgain(variant) : holdFeatures(variant, held)}
}
`,
  });
}

function readAgain({ parts, shared, columns }: LayerNormVariant): string {
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
${addParts(total, parts, columns)}
  }`
      : `  var ${total} = vec4f();
  for (var part = 0u; part < ${parts}u; part++) {${part}
    ${total} += part_sum;
  }`;
  };
  const [begin, stride] = shared ? ['lane.y', parts] : ['0u', 1];
  return `${sum('total', 'block_sum += x[d * n4 + column];')}
  let mean = total / f32(d_end);
${sum(
  'squares',
  `let difference = x[d * n4 + column] - mean;
        block_sum = fma(difference, difference, block_sum);`,
)}
  let factor = ${FACTOR};
  if (own >= n4) { return; }
  for (var d = ${begin}; d < d_end; d += ${stride}u) {
    y[d * n4 + column] = (x[d * n4 + column] - mean) * factor * scale[d] + bias[d];
  }`;
}

/** The same sums in the same order, written out. */
function holdFeatures({ parts, columns }: LayerNormVariant, held: number): string {
  const count = ceilDivide(held, parts);
  // Only the last feature of a part may be past the end; it adds nothing then.
  const isThere = (i: number) =>
    held % parts > 0 && i === count - 1 ? `lane.y < ${held % parts}u` : undefined;
  const sum = (name: string, total: string, add: (i: number, sum: string) => string) => {
    const blocks = Array.from({ length: ceilDivide(count, BLOCK) }, (_, block) => {
      const from = block * BLOCK;
      const within = unroll(
        Math.min(BLOCK, count - from),
        (i) => `  ${name}${block} = ${add(from + i, `${name}${block}`)};`,
      );
      return `  var ${name}${block} = vec4f();\n${within}`;
    });
    return `${blocks.join('\n')}
  var ${total} = vec4f();
  {
    let part_sum = ${blocks.map((_, block) => `${name}${block}`).join(' + ')};
${addParts(total, parts, columns)}
  }`;
  };
  const onlyIfThere = (i: number, value: string) =>
    isThere(i) === undefined ? value : `select(vec4f(), ${value}, ${isThere(i)})`;
  return `${unroll(count, (i) => `  let d${i} = lane.y + ${i * parts}u;`)}
${unroll(count, (i) => {
  const value = `x[${isThere(i) === undefined ? `d${i}` : `min(d${i}, d_end - 1u)`} * n4 + column]`;
  return `  let x${i} = ${onlyIfThere(i, value)};`;
})}
${sum('plain', 'total', (i, sum) => `${sum} + x${i}`)}
  let mean = total / f32(d_end);
${unroll(count, (i) => `  let difference${i} = ${onlyIfThere(i, `x${i} - mean`)};`)}
${sum('square', 'squares', (i, sum) => `fma(difference${i}, difference${i}, ${sum})`)}
  let factor = ${FACTOR};
  if (own >= n4) { return; }
${unroll(count, (i) => {
  const store = `y[d${i} * n4 + column] = difference${i} * factor * scale[d${i}] + bias[d${i}];`;
  return isThere(i) === undefined ? `  ${store}` : `  if (${isThere(i)}) { ${store} }`;
})}`;
}

/** WGSL: adds up what the lanes of a column have as `part_sum`. */
function addParts(total: string, parts: number, columns: number): string {
  return `    part_sums[lane.y * ${columns}u + lane.x] = part_sum;
    workgroupBarrier();
    for (var i = 0u; i < ${parts}u; i++) { ${total} += part_sums[i * ${columns}u + lane.x]; }
    workgroupBarrier();`;
}

/** @param columns4 N / 4 */
export function layerNormGrid(variant: LayerNormVariant, columns4: number): Grid {
  return [ceilDivide(columns4, variant.columns), 1, 1];
}
