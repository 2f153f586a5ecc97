import { expFunction } from './elementary.ts';
import { type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { WORKGROUP, workgroupGrid } from './linear-grid.ts';
import { magnitudeBits, poisonedBy } from './not-a-number.ts';
import { LOWEST } from './online-softmax.ts';
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

/**
 * Decoder self-attention of one step with its cache, as `attentionStepKernel`, by a workgroup for each hypothesis and head: its
 * lanes have a position each while logits are computed, and then a vec4 of features each while values are summed, in groups that
 * take turns at the positions. No lane holds a whole head, so that many fit a multiprocessor.
 */
export interface AttentionStepTogetherVariant extends StepCache {
  /** Of a workgroup, a multiple of four; as many positions are worked on at once. */
  readonly lanes: number;
}

/** Positions of a group whose values a lane waits for at once. */
const AT_ONCE = 4;

export function attentionStepTogetherKernel(variant: AttentionStepTogetherVariant): Kernel {
  const { lanes, headSize, hidden } = variant;
  const vectors = headVectors(headSize);
  const groups = groupsOf(variant);
  return kernel({
    name: stepName(variant, `${lanes} lanes together`),
    ...stepInterface(variant),
    body: /* wgsl */ `${expFunction('f32')}
var<workgroup> query: array<vec4f, ${vectors}>;
var<workgroup> sums: array<vec4f, ${groups * vectors}>;
var<workgroup> logits: array<vec4f, ${lanes / 4}>;
var<workgroup> weights: array<vec4f, ${lanes / 4}>;
var<workgroup> bases: array<u32, ${lanes}>;
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let pair = ${WORKGROUP};
  if (pair >= params.hypotheses * ${hidden / headSize}u) { return; }
${placePair(variant)}
  let own = ${inCache(variant, 'step', 'column')};
  for (var v = lane; v < ${vectors}u; v += ${lanes}u) {
    query[v] = ${gatherHead(variant, 0)} * params.scale;
    key_cache[own + v] = ${gatherHead(variant, hidden)};
    value_cache[own + v] = ${gatherHead(variant, 2 * hidden)};
  }
  for (var place = lane; place < ${groups * vectors}u; place += ${lanes}u) { sums[place] = vec4f(); }
  var most = ${LOWEST};
  var total = 0.0;
  storageBarrier();
  for (var first = 0u; first <= step; first += ${lanes}u) {
    // What the round before left is read until here.
    workgroupBarrier();
    let t = first + lane;
    var base = own;
    if (t < step) {
      let slot = ${ancestorSlot(variant)};
      base = ${inCache(variant, 't', 'slot')};
    }
    var logit = 0.0;
${unroll(vectors, (v) => `    logit += dot(query[${v}], key_cache[base + ${v}u]);`)}
    logits[lane / 4u][lane % 4u] = select(${LOWEST}, logit, t <= step);
    bases[lane] = base;
    workgroupBarrier();
    var peaks = logits[0];
${unroll(lanes / 4 - 1, (i) => `    peaks = max(peaks, logits[${i + 1}]);`)}
    let raised = max(most, max(max(peaks.x, peaks.y), max(peaks.z, peaks.w)));
    let shrink = exact_exp(most - raised);
    most = raised;
    // The softmax of a logit that overflowed may look sound.
    let weight = ${poisonedBy(magnitudeBits('logit', 'f32'), 'exact_exp(logit - most)', 'f32')};
    weights[lane / 4u][lane % 4u] = select(0.0, weight, t <= step);
    workgroupBarrier();
    var shares = weights[0];
${unroll(lanes / 4 - 1, (i) => `    shares += weights[${i + 1}];`)}
    total = fma(total, shrink, (shares.x + shares.y) + (shares.z + shares.w));
    let count = min(step + 1u - first, ${lanes}u);
    for (var place = lane; place < ${groups * vectors}u; place += ${lanes}u) {
      let v = place % ${vectors}u;
      var sum = sums[place] * shrink;
      for (var i = place / ${vectors}u; i < count; i += ${groups * AT_ONCE}u) {
${unroll(
  AT_ONCE,
  (k) => `        let i${k} = min(i + ${k * groups}u, ${lanes - 1}u);
        let weight${k} = select(0.0, weights[i${k} / 4u][i${k} % 4u], i + ${k * groups}u < count);
        let value${k} = value_cache[bases[i${k}] + v];`,
)}
${unroll(AT_ONCE, (k) => `        sum = fma(vec4f(weight${k}), value${k}, sum);`)}
      }
      sums[place] = sum;
    }
  }
  workgroupBarrier();
  for (var v = lane; v < ${vectors}u; v += ${lanes}u) {
    let all = ${unroll(groups, (g) => `sums[v + ${g * vectors}u]`, ' + ')};
    ${storeHead(variant)('v', '(all / total)')}
  }
}
`,
  });
}

/** Bytes of workgroup memory. */
export function attentionStepTogetherMemory(variant: AttentionStepTogetherVariant): number {
  return 16 * headVectors(variant.headSize) * (1 + groupsOf(variant)) + 12 * variant.lanes;
}

export function attentionStepTogetherGrid(
  { hidden, headSize }: AttentionStepTogetherVariant,
  hypotheses: number,
): Grid {
  return workgroupGrid((hypotheses * hidden) / headSize);
}

/** Shares of the positions that are summed apart. */
function groupsOf({ lanes, headSize }: AttentionStepTogetherVariant): number {
  return Math.max(1, Math.floor(lanes / headVectors(headSize)));
}
