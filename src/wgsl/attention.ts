import { expFunction } from './elementary.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { magnitudeBits, poisonedBy } from './not-a-number.ts';
import {
  LOWEST,
  mergeAndStore,
  raiseMaximum,
  type SoftmaxLanes,
  softmaxMemory,
  storeQuotients,
} from './online-softmax.ts';

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
  /** Whether word 1 of the extent tells the key columns of a sentence, so that a plan serves any number of them. */
  readonly anyKeys: boolean;
  /** Neighbouring queries of a sentence that an invocation takes, so that each load serves all; 1 where lanes share one. */
  readonly tile: number;
}

/** Partial sums of a dot product: shorter chains lose less to rounding, which the exponential would magnify. */
const CHAINS = 4;

/** Of a sentence, and of all. */
const KEY_COLUMNS = [
  { name: 'keys4', type: 'u32' },
  { name: 'key_columns4', type: 'u32' },
] as const;

export function attentionKernel(variant: AttentionVariant): Kernel {
  const { lanes, columns, headSize, causal, anyKeys, tile } = variant;
  const chains = (q: number) => Array.from({ length: CHAINS }, (_, c) => `chain${q}_${c}`);
  const used = (q: number) => (causal ? `used${q}` : 'used');
  const store = (q: number) => (d: string, value: string) =>
    `output[(head + ${d}) * n + column${q}] = ${value};`;
  return kernel({
    name: `attention ${headSize} features, ${lanes}x${columns} lanes${tile > 1 ? `, ${tile} queries` : ''}${causal ? ', causal' : ''}${anyKeys ? ', any number of keys' : ''}`,
    parameters: [
      { name: 'heads', type: 'u32' },
      { name: 'sentences', type: 'u32' },
      { name: 'queries', type: 'u32' },
      { name: 'query_columns', type: 'u32' },
      ...(anyKeys ? [] : KEY_COLUMNS),
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
  // A head and a tile of queries; lanes past the last work on the first, since barriers need all lanes.
  let wanted = group.x * ${columns}u + lane.x;
  let tiles = (params.queries + ${tile - 1}u) / ${tile}u;
  let exists = wanted < params.heads * params.sentences * tiles;
  let place = select(0u, wanted, exists);
  let first_query = place % tiles * ${tile}u;
  let sentence = place / tiles % params.sentences;
  let head = place / (tiles * params.sentences) * ${headSize}u;
  let n = params.query_columns;
${
  anyKeys
    ? `  let keys4 = extent[1] / 4u;
  let n4 = params.sentences * keys4;`
    : `  let keys4 = params.keys4;
  let n4 = params.key_columns4;`
}
  let first = sentence * keys4;
  let from_key = (params.key_row + head) * n4 + first;
  let from_value = (params.value_row + head) * n4 + first;
${causal ? '' : '  let used = extent[0];'}
  // Loaded in a loop: compilers of software adapters take long over many loads.
  var features: array<f32, ${headSize}>;
${unroll(
  tile,
  (q) => `  // Queries past the last repeat it; they are not stored.
  let own${q} = exists && first_query + ${q}u < params.queries;
  let query${q} = min(first_query + ${q}u, params.queries - 1u);
  let column${q} = sentence * params.queries + query${q};
${causal ? `  let used${q} = min(extent[0], query${q} + 1u);` : ''}
  let from_query${q} = (params.query_row + head) * n + column${q};
  for (var d = 0u; d < ${headSize}u; d++) { features[d] = query[from_query${q} + d * n] * params.scale; }
${unroll(headSize, (d) => `  let query${q}_${d} = features[${d}];`)}
  var most${q} = ${LOWEST};
  // Of the logits: the softmax of one that overflowed may look sound.
  var beyond${q} = vec4u();
  var total${q} = 0.0;
${unroll(headSize, (d) => `  var sum${q}_${d} = 0.0;`)}`,
)}
  for (var t = lane.y; t * 4u < ${used(tile - 1)}; t += ${lanes}u) {
${unroll(tile, (q) => unroll(CHAINS, (c) => `    var chain${q}_${c} = vec4f();`))}
${unroll(
  headSize,
  (d) => `    let key${d} = key[from_key + t + ${d}u * n4];
${unroll(tile, (q) => {
  const chain = `chain${q}_${d % CHAINS}`;
  return `    ${chain} = fma(vec4f(query${q}_${d}), key${d}, ${chain});`;
})}`,
)}
    let positions = vec4u(t * 4u) + vec4u(0u, 1u, 2u, 3u);
    let bias = key_bias[first + t];
${unroll(
  tile,
  (
    q,
  ) => `    let logits${q} = select(vec4f(${LOWEST}), (${chains(q).slice(0, 2).join(' + ')}) + (${chains(q).slice(2).join(' + ')}) + bias, positions < vec4u(${used(q)}));
    beyond${q} = max(beyond${q}, ${magnitudeBits(`logits${q}`, 'vec4f')});
${raiseMaximum(`max(max(logits${q}.x, logits${q}.y), max(logits${q}.z, logits${q}.w))`, q)}
    let weight${q} = exact_exp4(logits${q} - vec4f(most${q}));
    total${q} = fma(total${q}, shrink${q}, dot(weight${q}, vec4f(1.0)));`,
)}
${unroll(
  headSize,
  (d) => `    let value${d} = value[from_value + t + ${d}u * n4];
${unroll(tile, (q) => `    sum${q}_${d} = fma(sum${q}_${d}, shrink${q}, dot(weight${q}, value${d}));`)}`,
)}
  }
${unroll(
  tile,
  (q) =>
    `  total${q} = ${poisonedBy(`max(max(beyond${q}.x, beyond${q}.y), max(beyond${q}.z, beyond${q}.w))`, `total${q}`, 'f32')};`,
)}
${
  tile > 1
    ? unroll(tile, (q) => storeQuotients(headSize, store(q), 'f32', q))
    : mergeAndStore(variant, headSize, store(0), 'f32')
}
}
`,
  });
}

/** @param queries of each sentence */
export function attentionGrid(
  { tile, columns }: AttentionVariant,
  { heads, sentences, queries }: { heads: number; sentences: number; queries: number },
): Grid {
  return [ceilDivide(heads * sentences * ceilDivide(queries, tile), columns), 1, 1];
}
