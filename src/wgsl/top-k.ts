import { expFunction } from './elementary.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { LOWEST } from './online-softmax.ts';

/**
 * Log-softmax statistics and the K largest logits of every column, in two kernels: one pass over the logits in chunks of
 * rows, then merges of chunk results until one is left.
 *
 *     logits [V, columns]  →  best [chunks, 2 + K, columns]     row 0: largest logit m, row 1: Σ exact_exp(logit − m),
 *                                                               rows 2 …: the K largest logits, descending
 *                             which [chunks, K, columns]        their rows (token ids); of equal logits the smaller id first
 *
 * A lane owns a vec4 of columns.
 */
export interface TopKVariant {
  readonly k: number;
  /** Lanes of a workgroup, along the columns in steps of four. */
  readonly lanes: number;
}

/** Rows of `best` beside the K values. */
export const STATISTICS = 2;

/** Rows whose exponentials share one rescaling. */
const BLOCK = 4;

export function topKKernel({ k, lanes }: TopKVariant): Kernel {
  return kernel({
    name: `top ${k}, ${lanes} lanes`,
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
    body: /* wgsl */ `${beginList({ k, lanes }, 'chunk_rows', 'rows')}
  for (var block = group.y * params.chunk_rows; block < end; block += ${BLOCK}u) {
    let past = end - block;
${unroll(
  BLOCK,
  (i) =>
    `    let logit${i} = select(vec4f(${LOWEST}), logits[min(block + ${i}u, end - 1u) * n4 + column], past > ${i}u);`,
)}
    let peak = max(most, ${['logit0', 'logit1', 'logit2', 'logit3'].reduce((a, b) => `max(${a}, ${b})`)});
    total = total * exact_exp(most - peak)${unroll(BLOCK, (i) => ` + exact_exp(logit${i} - peak)`, '')};
    most = peak;
${unroll(BLOCK, (i) => `    if (any(logit${i} > value${k - 1})) {${insertInto(k, `logit${i}`, `vec4u(block + ${i}u)`)}\n    }`)}
  }
${storeList(k, 'group.y')}
}
`,
  });
}

/** @param columns4 columns / 4 */
export function topKGrid({ lanes }: TopKVariant, columns4: number, chunks: number): Grid {
  return [ceilDivide(columns4, lanes), chunks, 1];
}

/** Merges `fan_in` neighbouring chunk results into one. */
export function mergeTopKKernel({ k, lanes }: TopKVariant): Kernel {
  return kernel({
    name: `merge top ${k}, ${lanes} lanes`,
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
    body: /* wgsl */ `${beginList({ k, lanes }, 'fan_in', 'chunks')}
  for (var chunk = group.y * params.fan_in; chunk < end; chunk++) {
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
${storeList(k, 'group.y')}
}
`,
  });
}

export function mergeTopKGrid({ lanes }: TopKVariant, columns4: number, merged: number): Grid {
  return [ceilDivide(columns4, lanes), merged, 1];
}

/** A lane's vec4 of columns, the end of its part of what it goes through, and statistics and lists of nothing yet. */
function beginList({ k, lanes }: TopKVariant, partSize: string, whole: string): string {
  return `${expFunction('vec4f')}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let column = group.x * ${lanes}u + lane.x;
  let n4 = params.columns4;
  if (column >= n4) { return; }
  let end = min((group.y + 1u) * params.${partSize}, params.${whole});
  var most = vec4f(${LOWEST});
  var total = vec4f();
${declareList(k)}`;
}

function declareList(k: number): string {
  return unroll(k, (i) => `  var value${i} = vec4f(${LOWEST});\n  var id${i} = vec4u();`);
}

/**
 * Inserts a vec4 of candidates into the lists: each goes before the first smaller value, and what was there moves down one.
 * All places are compared with the candidate, not with what moves down, or that would be stopped by its equals and fall
 * behind them.
 */
function insertInto(k: number, logit: string, id: string): string {
  return /* wgsl */ `
      var new_value = ${logit};
      var new_id = ${id};
${unroll(
  k,
  (i) => `      {
        let wins = ${logit} > value${i};
        let loser = select(new_value, value${i}, wins);
        let loser_id = select(new_id, id${i}, wins);
        value${i} = select(value${i}, new_value, wins);
        id${i} = select(id${i}, new_id, wins);
        new_value = loser;
        new_id = loser_id;
      }`,
)}`;
}

function storeList(k: number, chunk: string): string {
  return /* wgsl */ `
  let to = ${chunk} * ${k + STATISTICS}u * n4 + column;
  best[to] = most;
  best[to + n4] = total;
${unroll(
  k,
  (i) => `  best[to + ${i + STATISTICS}u * n4] = value${i};
  which[(${chunk} * ${k}u + ${i}u) * n4 + column] = id${i};`,
)}`;
}
