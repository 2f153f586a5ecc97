import { expFunction } from './elementary.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { ancestorIn } from './lineage.ts';
import { magnitudeBits, poisonedBy } from './not-a-number.ts';
import { raiseMaximum, storeQuotients } from './online-softmax.ts';

/**
 * Decoder self-attention of one step, with its cache, by a lane for each hypothesis and head.
 *
 * The step's own keys and values are appended to the cache and every hypothesis attends to positions 0 … step. A cache is
 * never moved when beams are reordered: hypothesis `c` finds its key of position `t` in the slot of its sentence that is its ancestor there (`lineage`).
 *
 *     cache[t, slot, head, d]      d contiguous, padded to a multiple of 4
 *     projected [3H, columns]      rows: queries, keys, values of this step
 */
export interface AttentionStepVariant {
  /** Lanes of a workgroup. */
  readonly columns: number;
  /** D: features of a head. */
  readonly headSize: number;
  /** H: features of all heads. */
  readonly hidden: number;
  /** Hypotheses of a sentence, which change places between steps; 1 in greedy decoding. */
  readonly beam: number;
}

/** vec4 that a head takes in the cache. */
export function headVectors(headSize: number): number {
  return ceilDivide(headSize, 4);
}

export function attentionStepKernel(variant: AttentionStepVariant): Kernel {
  const { columns, headSize, hidden, beam } = variant;
  const reordered = beam > 1;
  const vectors = headVectors(headSize);
  const heads = hidden / headSize;
  // vec4 `v` of one head's projected features, zero past the head's end.
  const gather = (row: number) => {
    const parts = Array.from({ length: 4 }, (_, i) => {
      const feature = `projected[(${row}u + head * ${headSize}u + ${headSize % 4 === 0 ? `v * 4u + ${i}u` : `min(v * 4u + ${i}u, ${headSize - 1}u)`}) * n + column]`;
      return headSize % 4 === 0 ? feature : `select(0.0, ${feature}, v * 4u + ${i}u < ${headSize}u)`;
    });
    return `vec4f(${parts.join(', ')})`;
  };
  return kernel({
    name: `attention step ${hidden}/${headSize} features, ${columns} lanes${reordered ? `, beam ${beam}` : ''}`,
    parameters: [
      { name: 'hypotheses', type: 'u32' },
      { name: 'columns', type: 'u32' },
      { name: 'scale', type: 'f32' },
    ],
    bindings: [
      { name: 'control', element: 'u32', access: 'read' },
      { name: 'projected', element: 'f32', access: 'read' },
      ...(reordered ? [{ name: 'lineage', element: 'u32', access: 'read' } as const] : []),
      { name: 'key_cache', element: 'vec4f', access: 'read_write' },
      { name: 'value_cache', element: 'vec4f', access: 'read_write' },
      { name: 'output', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `${expFunction('f32')}
@compute @workgroup_size(${columns})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let pair = group.x * ${columns}u + lane.x;
  let own0 = pair < params.hypotheses * ${heads}u;
  if (!own0) { return; }
  let column = pair % params.hypotheses;
  let head = pair / params.hypotheses;
${reordered ? `  let first_slot = column - column % ${beam}u;` : ''}
  let n = params.columns;
  let step = control[0];
  // Gathered in loops: compilers of software adapters take long over many loads and stores.
  var gathered: array<vec4f, ${vectors}>;
  for (var v = 0u; v < ${vectors}u; v++) { gathered[v] = ${gather(0)} * params.scale; }
${unroll(vectors, (v) => `  let query${v} = gathered[${v}];`)}
  let to = ((step * params.hypotheses + column) * ${heads}u + head) * ${vectors}u;
  var most0 = 0.0;
  var total0 = 1.0;
  for (var v = 0u; v < ${vectors}u; v++) {
    let key = ${gather(hidden)};
    most0 += dot(gathered[v], key);
    key_cache[to + v] = key;
    let value = ${gather(2 * hidden)};
    value_cache[to + v] = value;
    gathered[v] = value;
  }
  // Of the logits: the softmax of one that overflowed may look sound.
  var beyond = ${magnitudeBits('most0', 'f32')};
${unroll(vectors, (v) => `  var sum0_${v} = gathered[${v}];`)}
  for (var t = 0u; t < step; t++) {
    let slot = ${reordered ? `first_slot + ${ancestorIn('lineage[t * params.hypotheses + column]')}` : 'column'};
    let base = ((t * params.hypotheses + slot) * ${heads}u + head) * ${vectors}u;
    var logit = 0.0;
${unroll(vectors, (v) => `    logit += dot(query${v}, key_cache[base + ${v}u]);`)}
    beyond = max(beyond, ${magnitudeBits('logit', 'f32')});
${raiseMaximum('logit')}
    let weight = exact_exp(logit - most0);
    total0 = fma(total0, shrink0, weight);
${unroll(vectors, (v) => `    sum0_${v} = fma(vec4f(weight), value_cache[base + ${v}u], sum0_${v} * shrink0);`)}
  }
  total0 = ${poisonedBy('beyond', 'total0', 'f32')};
${storeQuotients(vectors, storeHead(headSize), 'vec4f')}
}
`,
  });
}

/** WGSL that stores a vec4 of one head, without the features past its end. */
export function storeHead(headSize: number): (index: string, value: string) => string {
  return (index, value) => {
    const parts = unroll(
      4,
      (i) => `
    if (${index} * 4u + ${i}u < ${headSize}u) {
      output[(head * ${headSize}u + ${index} * 4u + ${i}u) * n + column] = part[${i}];
    }`,
      '',
    );
    return `{ let part = ${value};${parts} }`;
  };
}

export function attentionStepGrid(variant: AttentionStepVariant, hypotheses: number): Grid {
  return [ceilDivide((hypotheses * variant.hidden) / variant.headSize, variant.columns), 1, 1];
}
