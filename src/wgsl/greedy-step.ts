import { Control } from './beam-step.ts';
import { LOG_FUNCTION } from './elementary.ts';
import { type Grid, type Kernel, kernel } from './kernel.ts';
import { STATISTICS } from './top-k.ts';

/**
 * One step of greedy decoding for all sentences: the likeliest token, of equal ones the smallest id. Log-probabilities go on
 * adding up after a sentence has ended, until all have, as in Tensor2Tensor.
 *
 *     tokens [steps, sentences]     log_probabilities [sentences]     ended [sentences]
 */
export interface GreedyStepVariant {
  /** Sentences are spread over so many lanes. */
  readonly lanes: number;
}

export function greedyStepKernel({ lanes }: GreedyStepVariant): Kernel {
  return kernel({
    name: `greedy step, ${lanes} lanes`,
    parameters: [
      { name: 'sentences', type: 'u32' },
      { name: 'columns', type: 'u32' },
      { name: 'end_of_sentence', type: 'u32' },
    ],
    bindings: [
      { name: 'best', element: 'f32', access: 'read' },
      { name: 'which', element: 'u32', access: 'read' },
      { name: 'control', element: 'u32', access: 'read_write' },
      { name: 'log_probabilities', element: 'f32', access: 'read_write' },
      { name: 'tokens', element: 'u32', access: 'read_write' },
      { name: 'ended', element: 'u32', access: 'read_write' },
    ],
    body: /* wgsl */ `${LOG_FUNCTION}
var<workgroup> already_done: u32;
var<workgroup> unfinished: atomic<u32>;

@compute @workgroup_size(${lanes})
fn main(@builtin(local_invocation_id) lane: vec3u) {
  if (lane.x == 0u) { already_done = control[${Control.done}]; }
  if (workgroupUniformLoad(&already_done) != 0u) { return; }
  let step = control[${Control.step}];
  let limit = control[${Control.limit}];
  for (var sentence = lane.x; sentence < params.sentences; sentence += ${lanes}u) {
    let normaliser = exact_log(best[params.columns + sentence]) + best[sentence];
    let token = which[sentence];
    log_probabilities[sentence] += best[${STATISTICS}u * params.columns + sentence] - normaliser;
    tokens[step * params.sentences + sentence] = token;
    if (token == params.end_of_sentence) { ended[sentence] = 1u; }
    if (ended[sentence] == 0u) { atomicStore(&unfinished, 1u); }
  }
  workgroupBarrier();
  if (lane.x == 0u) {
    control[${Control.step}] = step + 1u;
    control[${Control.done}] = select(0u, 1u, step + 1u >= limit || atomicLoad(&unfinished) == 0u);
  }
}
`,
  });
}

export const GREEDY_STEP_GRID: Grid = [1, 1, 1];
