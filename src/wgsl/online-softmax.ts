import { unroll } from './kernel.ts';

/** Below every logit that can occur, and finite: WGSL promises nothing for infinities. */
export const LOWEST = '-3.0e38';

/** Lanes that work on one softmax, and the columns of a workgroup that do so side by side. */
export interface SoftmaxLanes {
  /** Lanes that share the keys of one query; 1 needs no workgroup memory. */
  readonly lanes: number;
  /** Queries in a workgroup. */
  readonly columns: number;
}

/** Workgroup memory in which the lanes of a query meet. */
export function softmaxMemory({ lanes, columns }: SoftmaxLanes, values: number, type: string): string {
  if (lanes === 1) return '';
  return /* wgsl */ `
var<workgroup> lane_most: array<f32, ${lanes * columns}>;
var<workgroup> lane_total: array<f32, ${lanes * columns}>;
var<workgroup> lane_sums: array<${type}, ${lanes * columns * values}>;`;
}

/**
 * WGSL that raises the running maximum `most` to `peak`, rescaling `total` and the `values` sums `sum0`, `sum1`, …
 * (Milakov and Gimelshein 2018, algorithm 3).
 */
export function raiseMaximum(values: number): string {
  return /* wgsl */ `
    if (peak > most) {
      let shrink = exact_exp(most - peak);
      most = peak;
      total *= shrink;
${unroll(values, (i) => `      sum${i} *= shrink;`)}
    }`;
}

/**
 * WGSL that merges what the lanes of a query gathered, and runs `store(i, expression)` once for every value, spread over
 * the lanes. `own` tells whether the lane's column exists.
 */
export function mergeAndStore(
  { lanes, columns }: SoftmaxLanes,
  values: number,
  store: (index: string, value: string) => string,
  type: string,
): string {
  if (lanes === 1) {
    return `  if (!own) { return; }\n${unroll(values, (i) => `  ${store(`${i}u`, `(sum${i} / total)`)}`)}`;
  }
  const slot = `(lane.y * ${columns}u + lane.x)`;
  return /* wgsl */ `
  lane_most[${slot}] = most;
  lane_total[${slot}] = total;
${unroll(values, (i) => `  lane_sums[${slot} * ${values}u + ${i}u] = sum${i};`)}
  workgroupBarrier();
  if (!own) { return; }
  for (var i = 0u; i < ${lanes}u; i++) { most = max(most, lane_most[i * ${columns}u + lane.x]); }
  total = 0.0;
  for (var i = 0u; i < ${lanes}u; i++) {
    let other = i * ${columns}u + lane.x;
    total += lane_total[other] * exact_exp(lane_most[other] - most);
  }
  for (var value = lane.y; value < ${values}u; value += ${lanes}u) {
    var sum = ${type}();
    for (var i = 0u; i < ${lanes}u; i++) {
      let other = i * ${columns}u + lane.x;
      sum += lane_sums[other * ${values}u + value] * exact_exp(lane_most[other] - most);
    }
    ${store('value', '(sum / total)')}
  }`;
}
