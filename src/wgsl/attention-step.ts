import { expFunction } from './elementary.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { magnitudeBits, poisonedBy } from './not-a-number.ts';
import { raiseMaximum, storeQuotients } from './online-softmax.ts';
import {
  ancestorSlot,
  gatherHead,
  headVectors,
  inCache,
  placePair,
  type StepCache,
  stepInterface,
  stepName,
  storeHead,
} from './step-cache.ts';

/** Decoder self-attention of one step, with its cache, by a lane for each hypothesis and head. */
export interface AttentionStepVariant extends StepCache {
  /** Lanes of a workgroup. */
  readonly columns: number;
}

export function attentionStepKernel(variant: AttentionStepVariant): Kernel {
  const { columns, headSize, hidden } = variant;
  const vectors = headVectors(headSize);
  return kernel({
    name: stepName(variant, `${columns} lanes`),
    ...stepInterface(variant),
    body: /* wgsl */ `${expFunction('f32')}
@compute @workgroup_size(${columns})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let pair = group.x * ${columns}u + lane.x;
  let own0 = pair < params.hypotheses * ${hidden / headSize}u;
  if (!own0) { return; }
${placePair(variant)}
  // Gathered in loops: compilers of software adapters take long over many loads and stores.
  var gathered: array<vec4f, ${vectors}>;
  for (var v = 0u; v < ${vectors}u; v++) { gathered[v] = ${gatherHead(variant, 0)} * params.scale; }
${unroll(vectors, (v) => `  let query${v} = gathered[${v}];`)}
  let to = ${inCache(variant, 'step', 'column')};
  var most0 = 0.0;
  var total0 = 1.0;
  for (var v = 0u; v < ${vectors}u; v++) {
    let key = ${gatherHead(variant, hidden)};
    most0 += dot(gathered[v], key);
    key_cache[to + v] = key;
    let value = ${gatherHead(variant, 2 * hidden)};
    value_cache[to + v] = value;
    gathered[v] = value;
  }
  // Of the logits: the softmax of one that overflowed may look sound.
  var beyond = ${magnitudeBits('most0', 'f32')};
${unroll(vectors, (v) => `  var sum0_${v} = gathered[${v}];`)}
  for (var t = 0u; t < step; t++) {
    let slot = ${ancestorSlot(variant)};
    let base = ${inCache(variant, 't', 'slot')};
    var logit = 0.0;
${unroll(vectors, (v) => `    logit += dot(query${v}, key_cache[base + ${v}u]);`)}
    beyond = max(beyond, ${magnitudeBits('logit', 'f32')});
${raiseMaximum('logit')}
    let weight = exact_exp(logit - most0);
    total0 = fma(total0, shrink0, weight);
${unroll(vectors, (v) => `    sum0_${v} = fma(vec4f(weight), value_cache[base + ${v}u], sum0_${v} * shrink0);`)}
  }
  total0 = ${poisonedBy('beyond', 'total0', 'f32')};
${storeQuotients(vectors, storeHead(variant), 'vec4f')}
}
`,
  });
}

export function attentionStepGrid(variant: AttentionStepVariant, hypotheses: number): Grid {
  return [ceilDivide((hypotheses * variant.hidden) / variant.headSize, variant.columns), 1, 1];
}
