import { LOG_FUNCTION } from './elementary.ts';
import { type Grid, type Kernel, kernel } from './kernel.ts';
import { type RankVariant, rankFunctions, STATISTICS } from './rank-columns.ts';
import { arriveFunction, Control } from './search-control.ts';

/**
 * One step of greedy decoding for all sentences, from their logits on: the likeliest token, of equal ones the smallest id.
 * Log-probabilities go on adding up after a sentence has ended, until all have, as in Tensor2Tensor. A workgroup has a
 * sentence.
 *
 *     logits [V, columns]     ranks [rankRows, columns]
 *     tokens [steps, sentences]     log_probabilities [sentences]     ended [sentences]
 */
export type GreedyStepVariant = Pick<RankVariant, 'lanes' | 'chunkRows' | 'block'>;

export function greedyStepKernel(variant: GreedyStepVariant): Kernel {
  const { lanes, chunkRows, block } = variant;
  return kernel({
    name: `greedy step, ${lanes} lanes, ${block} of ${chunkRows} rows`,
    parameters: [
      { name: 'sentences', type: 'u32' },
      { name: 'rows', type: 'u32' },
      { name: 'columns', type: 'u32' },
      { name: 'end_of_sentence', type: 'u32' },
    ],
    bindings: [
      { name: 'logits', element: 'f32', access: 'read' },
      { name: 'ranks', element: 'u32', access: 'read_write' },
      { name: 'control', element: 'atomic<u32>', access: 'read_write' },
      { name: 'log_probabilities', element: 'f32', access: 'read_write' },
      { name: 'tokens', element: 'u32', access: 'read_write' },
      { name: 'ended', element: 'u32', access: 'read_write' },
    ],
    body: /* wgsl */ `${LOG_FUNCTION}
${rankFunctions(greedyRanks(variant))}
${arriveFunction()}
var<workgroup> already_done: u32;

@compute @workgroup_size(1, ${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  if (lane.y == 0u) { already_done = atomicLoad(&control[${Control.done}]); }
  if (workgroupUniformLoad(&already_done) != 0u) { return; }
  let step = atomicLoad(&control[${Control.step}]);
  let sentence = group.x;
  let n = params.columns;
  rank_column(sentence, true, lane);
  // What is read here, this lane has written.
  if (lane.y > 0u) { return; }
  let normaliser = exact_log(bitcast<f32>(ranks[n + sentence])) + bitcast<f32>(ranks[sentence]);
  let token = ranks[${STATISTICS + 1}u * n + sentence];
  log_probabilities[sentence] += bitcast<f32>(ranks[${STATISTICS}u * n + sentence]) - normaliser;
  tokens[step * params.sentences + sentence] = token;
  if (token == params.end_of_sentence) { ended[sentence] = 1u; }
  arrive(step, select(0x10001u, 1u, ended[sentence] != 0u));
}
`,
  });
}

/** What greedy decoding ranks. */
export function greedyRanks(variant: GreedyStepVariant): RankVariant {
  return { ...variant, k: 1, abreast: 1 };
}

/** A workgroup for each sentence. */
export function greedyStepGrid(sentences: number): Grid {
  return [sentences, 1, 1];
}
