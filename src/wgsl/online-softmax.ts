import { unroll } from './kernel.ts';

/** Below every logit that can occur, and finite: WGSL promises nothing for infinities. */
export const LOWEST = '-3.0e38';

/** Lanes that work on one softmax, and the softmaxes that a workgroup works on side by side. */
export interface SoftmaxLanes {
  /** Lanes that share the keys of one query; 1 needs no workgroup memory. */
  readonly lanes: number;
  /** Queries in a workgroup, each of a lane of its own or of `lanes` lanes. */
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
 * WGSL that raises the running maximum of a query to the peak of the logits that come next; what was gathered before counts
 * `shrink` times from then on (Milakov and Gimelshein 2018, algorithm 3). Without a branch: lanes in step take both ways.
 */
export function raiseMaximum(peak: string, query = 0): string {
  return /* wgsl */ `
    let raised${query} = max(most${query}, ${peak});
    let shrink${query} = exact_exp(most${query} - raised${query});
    most${query} = raised${query};`;
}

/**
 * WGSL that stores what a lane gathered for a query alone: `store(index, expression)` for every value, if the query exists, as
 * `own` tells. In a loop over a private copy: compilers of software adapters take long over many stores.
 */
export function storeQuotients(
  values: number,
  store: (index: string, value: string) => string,
  type: string,
  query = 0,
): string {
  return /* wgsl */ `  if (own${query}) {
    var quotients: array<${type}, ${values}>;
${unroll(values, (i) => `    quotients[${i}] = sum${query}_${i} / total${query};`)}
    for (var i = 0u; i < ${values}u; i++) { ${store('i', 'quotients[i]')} }
  }`;
}

/**
 * WGSL that merges what the lanes of a query gathered, and runs `store(i, expression)` once for every value, spread over
 * the lanes. `own0` tells whether the query exists.
 */
export function mergeAndStore(
  { lanes, columns }: SoftmaxLanes,
  values: number,
  store: (index: string, value: string) => string,
  type: string,
): string {
  if (lanes === 1) return storeQuotients(values, store, type);
  const slot = `(lane.y * ${columns}u + lane.x)`;
  return /* wgsl */ `
  lane_most[${slot}] = most0;
  lane_total[${slot}] = total0;
${unroll(values, (i) => `  lane_sums[${slot} * ${values}u + ${i}u] = sum0_${i};`)}
  workgroupBarrier();
  if (!own0) { return; }
  var most = most0;
  for (var i = 0u; i < ${lanes}u; i++) { most = max(most, lane_most[i * ${columns}u + lane.x]); }
  var total = 0.0;
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
