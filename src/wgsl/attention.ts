import { expFunction } from './elementary.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { LOWEST, mergeAndStore, raiseMaximum, type SoftmaxLanes, softmaxMemory } from './online-softmax.ts';

/**
 * Multi-head attention over whole sentences: encoder self-attention, encoder-decoder attention (also of one decoding
 * step, the hypotheses of a sentence being its queries), and with `causal` the teacher-forced decoder.
 *
 *     O[h·D+d, (b,i)] = Σ_j softmax_j( scale · Σ_d Q[h·D+d, (b,i)] · K[h·D+d, (b,j)] + bias[(b,j)] ) · V[h·D+d, (b,j)]
 *
 * Everything is feature-major: column `b · stride + position`. Keys are read four positions at a time; the softmax is
 * computed online, so no matrix of weights exists. Only the first `extent[0]` keys of a sentence count; a bias of −1e9
 * masks padding among them. When a whole sentence is masked, float32 rounds all its logits to the same −1e9 and the
 * attention is uniform over `extent[0]` keys, as in the original.
 */
export interface AttentionVariant extends SoftmaxLanes {
  /** D: features of a head. */
  readonly headSize: number;
  /** A query sees keys up to its own position. */
  readonly causal: boolean;
}

/** Partial sums of a dot product: shorter chains lose less to rounding, which the exponential would magnify. */
const CHAINS = 4;
const CHAIN_SUM = '(chain0 + chain1) + (chain2 + chain3)';

export function attentionKernel(variant: AttentionVariant): Kernel {
  const { lanes, columns, headSize, causal } = variant;
  return kernel({
    name: `attention ${headSize} features, ${lanes}x${columns} lanes${causal ? ', causal' : ''}`,
    parameters: [
      { name: 'sentences', type: 'u32' },
      { name: 'queries', type: 'u32' },
      { name: 'query_columns', type: 'u32' },
      { name: 'keys4', type: 'u32' },
      { name: 'key_columns4', type: 'u32' },
      { name: 'query_row', type: 'u32' },
      { name: 'key_row', type: 'u32' },
      { name: 'value_row', type: 'u32' },
      { name: 'scale', type: 'f32' },
    ],
    bindings: [
      { name: 'extent', element: 'u32', access: 'read' },
      { name: 'query', element: 'f32', access: 'read' },
      { name: 'key', element: 'vec4f', access: 'read' },
      { name: 'value', element: 'vec4f', access: 'read' },
      { name: 'key_bias', element: 'vec4f', access: 'read' },
      { name: 'output', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `${expFunction('f32')}${expFunction('vec4f', 'exact_exp4')}
${softmaxMemory(variant, headSize, 'f32')}
@compute @workgroup_size(${columns}, ${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let wanted = group.x * ${columns}u + lane.x;
  let own = wanted < params.sentences * params.queries;
  let column = select(0u, wanted, own);
  let sentence = column / params.queries;
  let head = group.y * ${headSize}u;
  let n = params.query_columns;
  let n4 = params.key_columns4;
  let first = sentence * params.keys4;
  let used = ${causal ? 'min(extent[0], column % params.queries + 1u)' : 'extent[0]'};
  let from_query = (params.query_row + head) * n + column;
  let from_key = (params.key_row + head) * n4 + first;
  let from_value = (params.value_row + head) * n4 + first;
${unroll(headSize, (d) => `  let query${d} = query[from_query + ${d}u * n] * params.scale;`)}
  var most = ${LOWEST};
  var total = 0.0;
${unroll(headSize, (d) => `  var sum${d} = 0.0;`)}
  for (var t = lane.y; t * 4u < used; t += ${lanes}u) {
${unroll(CHAINS, (c) => `    var chain${c} = vec4f();`)}
${unroll(headSize, (d) => `    chain${d % CHAINS} = fma(vec4f(query${d}), key[from_key + t + ${d}u * n4], chain${d % CHAINS});`)}
    var logits = ${CHAIN_SUM};
    let exists = vec4u(t * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(used);
    logits = select(vec4f(${LOWEST}), logits + key_bias[first + t], exists);
    let peak = max(max(logits.x, logits.y), max(logits.z, logits.w));${raiseMaximum(headSize)}
    let weight = exact_exp4(logits - vec4f(most));
    total += weight.x + weight.y + weight.z + weight.w;
${unroll(headSize, (d) => `    sum${d} += dot(weight, value[from_value + t + ${d}u * n4]);`)}
  }
${mergeAndStore(variant, headSize, (d, value) => `output[(head + ${d}) * n + column] = ${value};`, 'f32')}
}
`,
  });
}

/** @param queries query columns of all sentences */
export function attentionGrid(variant: AttentionVariant, queries: number, heads: number): Grid {
  return [ceilDivide(queries, variant.columns), heads, 1];
}
