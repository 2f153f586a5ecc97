import { expFunction } from './elementary.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { LOWEST } from './online-softmax.ts';

/**
 * Log-softmax statistics and the K largest logits of every column, in two kernels: one goes over the logits in chunks of
 * rows, once for the statistics and once for the lists; the other merges chunk results until one is left.
 *
 *     logits [V, columns]  →  best [chunks, 2 + K, columns]     row 0: largest logit m, row 1: Σ exact_exp(logit − m),
 *                                                               rows 2 …: the K largest logits, descending
 *                             which [chunks, K, columns]        their rows (token ids); of equal logits the smaller id first
 *
 * Where a logit of a column is not a number, m is infinite, so that no score of it is finite.
 *
 * A lane owns a vec4 of columns.
 */
export interface TopKVariant {
  readonly k: number;
  /** Lanes of a workgroup along the columns, in steps of four. */
  readonly lanes: number;
  /** Lanes of a workgroup along the chunks. */
  readonly chunkLanes: number;
}

/** Rows of `best` beside the K values. */
export const STATISTICS = 2;

/** Rows that a lane looks at together. */
const BLOCK = 4;

/** Logits of the rows from `block` on, below all past the end, and the largest of them. */
const LOAD_BLOCK = /* wgsl */ `
    let past = end - block;
${unroll(
  BLOCK,
  (i) =>
    `    let logit${i} = select(vec4f(${LOWEST}), logits[min(block + ${i}u, end - 1u) * n4 + column], past > ${i}u);`,
)}
    let peak = max(max(logit0, logit1), max(logit2, logit3));`;

export function topKKernel(variant: TopKVariant): Kernel {
  const { k } = variant;
  return kernel({
    name: `top ${k}, ${lanesTag(variant)}`,
    parameters: [
      { name: 'rows', type: 'u32' },
      { name: 'columns4', type: 'u32' },
      { name: 'chunk_rows', type: 'u32' },
    ],
    bindings: [
      { name: 'logits', element: 'vec4f', access: 'read' },
      { name: 'best', element: 'vec4f', access: 'read_write' },
      { name: 'which', element: 'vec4u', access: 'read_write' },
    ],
    body: /* wgsl */ `${beginList(variant, 'chunk_rows', 'rows')}
  let start = part * params.chunk_rows;
  // Devices leave out what is not a number where they compare: as bits it is beyond infinity.
  var beyond = vec4u();
  for (var block = start; block < end; block += ${BLOCK}u) {
${LOAD_BLOCK}
${unroll(BLOCK, (i) => `    beyond = max(beyond, bitcast<vec4u>(logit${i}) & vec4u(0x7fffffffu));`)}
    let before = most;
    most = max(most, peak);
    total = total * exact_exp(before - most)${unroll(BLOCK, (i) => ` + exact_exp(logit${i} - most)`, '')};
  }
  let infinity = vec4u(0x7f800000u);
  most = select(most, bitcast<vec4f>(min(beyond, infinity)), beyond > infinity);
  for (var block = start; block < end; block += ${BLOCK}u) {
    // Blocks with nothing for the lists have a loop of their own: in step, all lanes pay for an insertion of one.
    for (; block < end; block += ${BLOCK}u) {
${LOAD_BLOCK}
      if (any(peak > value${k - 1})) { break; }
    }
    if (block >= end) { break; }
${LOAD_BLOCK}
${unroll(BLOCK, (i) => `    if (any(logit${i} > value${k - 1})) {${insertInto(k, `logit${i}`, `vec4u(block + ${i}u)`)}\n    }`)}
  }
${storeList(k)}
}
`,
  });
}

/** @param columns4 columns / 4 */
export function topKGrid({ lanes, chunkLanes }: TopKVariant, columns4: number, chunks: number): Grid {
  return [ceilDivide(columns4, lanes), ceilDivide(chunks, chunkLanes), 1];
}

/** Merges `fan_in` neighbouring chunk results into one. */
export function mergeTopKKernel(variant: TopKVariant): Kernel {
  const { k } = variant;
  return kernel({
    name: `merge top ${k}, ${lanesTag(variant)}`,
    parameters: [
      { name: 'chunks', type: 'u32' },
      { name: 'columns4', type: 'u32' },
      { name: 'fan_in', type: 'u32' },
    ],
    bindings: [
      { name: 'part_best', element: 'vec4f', access: 'read' },
      { name: 'part_which', element: 'vec4u', access: 'read' },
      { name: 'best', element: 'vec4f', access: 'read_write' },
      { name: 'which', element: 'vec4u', access: 'read_write' },
    ],
    body: /* wgsl */ `${beginList(variant, 'fan_in', 'chunks')}
  for (var chunk = part * params.fan_in; chunk < end; chunk++) {
    let base = chunk * ${k + STATISTICS}u * n4 + column;
    let peak = max(most, part_best[base]);
    total = total * exact_exp(most - peak) + part_best[base + n4] * exact_exp(part_best[base] - peak);
    most = peak;
    for (var i = 0u; i < ${k}u; i++) {
      let candidate = part_best[base + (i + ${STATISTICS}u) * n4];
      // Chunks list their logits in descending order: no later one can enter either.
      if (!any(candidate > value${k - 1})) { break; }
${insertInto(k, 'candidate', `part_which[(chunk * ${k}u + i) * n4 + column]`)}
    }
  }
${storeList(k)}
}
`,
  });
}

/** @param merged chunks that are left */
export function mergeTopKGrid(variant: TopKVariant, columns4: number, merged: number): Grid {
  return topKGrid(variant, columns4, merged);
}

function lanesTag({ lanes, chunkLanes }: TopKVariant): string {
  return `${chunkLanes}x${lanes} lanes`;
}

/** A lane's vec4 of columns and part of what there is to go through, and statistics and lists of nothing yet. */
function beginList({ k, lanes, chunkLanes }: TopKVariant, partSize: string, whole: string): string {
  return `${expFunction('vec4f')}
@compute @workgroup_size(${lanes}, ${chunkLanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let column = group.x * ${lanes}u + lane.x;
  let part = group.y * ${chunkLanes}u + lane.y;
  let n4 = params.columns4;
  if (column >= n4 || part * params.${partSize} >= params.${whole}) { return; }
  let end = min((part + 1u) * params.${partSize}, params.${whole});
  var most = vec4f(${LOWEST});
  var total = vec4f();
${unroll(k, (i) => `  var value${i} = vec4f(${LOWEST});\n  var id${i} = vec4u();`)}`;
}

/**
 * Inserts a vec4 of candidates into the lists, from the last place up: each takes what is above it where the candidate goes
 * further up, else the candidate where it beats what is there.
 */
function insertInto(k: number, candidate: string, id: string): string {
  const place = (i: number) => `
      let beats${i} = ${candidate} > value${i};`;
  const take = (i: number) =>
    i === 0
      ? `
      value0 = select(value0, ${candidate}, beats0);
      id0 = select(id0, ${id}, beats0);`
      : `
      value${i} = select(select(value${i}, ${candidate}, beats${i}), value${i - 1}, beats${i - 1});
      id${i} = select(select(id${i}, ${id}, beats${i}), id${i - 1}, beats${i - 1});`;
  return unroll(k, place, '') + unroll(k, (i) => take(k - 1 - i), '');
}

function storeList(k: number): string {
  return /* wgsl */ `
  let to = part * ${k + STATISTICS}u * n4 + column;
  best[to] = most;
  best[to + n4] = total;
${unroll(
  k,
  (i) => `  best[to + ${i + STATISTICS}u * n4] = value${i};
  which[(part * ${k}u + ${i}u) * n4 + column] = id${i};`,
)}`;
}
