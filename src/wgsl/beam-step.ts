import { LOG_FUNCTION } from './elementary.ts';
import { type Grid, type Kernel, kernel } from './kernel.ts';
import { LOWEST } from './online-softmax.ts';
import { STATISTICS } from './top-k.ts';

/** Words of the control buffer that decoding kernels share. */
export const Control = {
  /** Steps done. */
  step: 0,
  /** 1 once every sentence is decided or the length limit is reached; later steps no longer change results. */
  done: 1,
  /** Most steps to do. */
  limit: 2,
  /** Words before those of the sentences. */
  words: 4,
} as const;

/**
 * Words of the control buffer of so many sentences: in a beam search that stops early, word `Control.words + b` is 1 once
 * nothing can beat the best finished hypothesis of sentence `b`.
 */
export function controlWords(sentences: number): number {
  return Control.words + sentences;
}

/**
 * Words that describe one finished hypothesis: its score as bits, twice the step of its last token plus whether it has really
 * ended, the slot it grew from, its last token.
 */
export const FINISHED_WORDS = 4;

/** Score of a hypothesis that cannot win: large, and exact in float32. */
export const NEVER = -1e7;

/**
 * One step of beam search for all sentences, exactly as Tensor2Tensor does it (spec: transformer, 4.4 and 4.5).
 *
 * Input: for every hypothesis (column `sentence · beam + slot`) the log-softmax statistics and the `2 · beam` best logits.
 * Scores are length-normalised log-probabilities, `logp / penalty`, with a table of penalties from the host: word 0 for the
 * longest hypothesis allowed, word 1 + i for step i. Hypotheses are not stored as sequences: each step leaves, per slot, its token and the slot it grew from.
 *
 *     tokens, parents [steps, sentences · beam]     finished [sentences, beam, 4]     alive [sentences · beam] log-probabilities
 */
export interface BeamStepVariant {
  readonly beam: number;
  /** End a sentence when its best finished hypothesis cannot be beaten; else when no finished one of any sentence can. */
  readonly stopEarly: boolean;
  /** Sentences are spread over so many lanes. */
  readonly lanes: number;
}

export function beamStepKernel({ beam, stopEarly, lanes }: BeamStepVariant): Kernel {
  const candidates = 2 * beam;
  return kernel({
    name: `beam step ${beam}${stopEarly ? '' : ', all beams'}, ${lanes} lanes`,
    parameters: [
      { name: 'sentences', type: 'u32' },
      { name: 'columns', type: 'u32' },
      { name: 'end_of_sentence', type: 'u32' },
    ],
    bindings: [
      { name: 'best', element: 'f32', access: 'read' },
      { name: 'which', element: 'u32', access: 'read' },
      { name: 'penalties', element: 'f32', access: 'read' },
      { name: 'control', element: 'u32', access: 'read_write' },
      { name: 'alive', element: 'f32', access: 'read_write' },
      { name: 'tokens', element: 'u32', access: 'read_write' },
      { name: 'parents', element: 'u32', access: 'read_write' },
      { name: 'finished', element: 'vec4u', access: 'read_write' },
    ],
    body: /* wgsl */ `${LOG_FUNCTION}
const BEAM = ${beam}u;
const CANDIDATES = ${candidates}u;
const NEVER = ${NEVER}.0;

struct Candidate {
  score: f32,
  slot: u32,
  token: u32,
}

var<workgroup> already_done: u32;
var<workgroup> undecided: atomic<u32>;
${
  stopEarly
    ? ''
    : `var<workgroup> lowest_finished: array<f32, ${lanes}>;
var<workgroup> highest_bound: array<f32, ${lanes}>;`
}

@compute @workgroup_size(${lanes})
fn main(@builtin(local_invocation_id) lane: vec3u) {
  if (lane.x == 0u) { already_done = control[${Control.done}]; }
  if (workgroupUniformLoad(&already_done) != 0u) { return; }
  let step = control[${Control.step}];
  let limit = control[${Control.limit}];
  let penalty = penalties[step + 1u];
  let hypotheses = params.sentences * BEAM;
${stopEarly ? '' : `  var lowest = 3.0e38;\n  var bound = ${LOWEST};`}
  for (var sentence = lane.x; sentence < params.sentences; sentence += ${lanes}u) {
    let base = sentence * BEAM;

    // The 2 · beam best of beam · V continuations: by score, of equal scores the lower slot, then the lower token.
    var top: array<Candidate, CANDIDATES>;
    for (var i = 0u; i < CANDIDATES; i++) { top[i] = Candidate(${LOWEST}, 0u, 0xffffffffu); }
    for (var slot = 0u; slot < BEAM; slot++) {
      let column = base + slot;
      let normaliser = exact_log(best[params.columns + column]) + best[column];
      for (var i = 0u; i < CANDIDATES; i++) {
        let logit = best[(i + ${STATISTICS}u) * params.columns + column];
        let logp = alive[column] + (logit - normaliser);
        let candidate = Candidate(logp / penalty, slot, which[i * params.columns + column]);
        let last = top[CANDIDATES - 1u];
        if (candidate.score < last.score || (candidate.score == last.score && !comes_first(candidate, last))) { continue; }
        var at = CANDIDATES - 1u;
        while (at > 0u && (candidate.score > top[at - 1u].score ||
               (candidate.score == top[at - 1u].score && comes_first(candidate, top[at - 1u])))) {
          top[at] = top[at - 1u];
          at--;
        }
        top[at] = candidate;
      }
    }

    // Alive: the beam best that have not ended.
    var alive_keys: array<f32, BEAM>;
    var alive_from: array<u32, BEAM>;
    var kept = 0u;
    for (var i = 0u; i < CANDIDATES; i++) {
      let key = top[i].score + select(0.0, NEVER, top[i].token == params.end_of_sentence);
      if (kept == BEAM && key <= alive_keys[BEAM - 1u]) { continue; }
      var at = min(kept, BEAM - 1u);
      while (at > 0u && key > alive_keys[at - 1u]) {
        alive_keys[at] = alive_keys[at - 1u];
        alive_from[at] = alive_from[at - 1u];
        at--;
      }
      alive_keys[at] = key;
      alive_from[at] = i;
      kept = min(kept + 1u, BEAM);
    }
    for (var slot = 0u; slot < BEAM; slot++) {
      let chosen = top[alive_from[slot]];
      alive[base + slot] = chosen.score * penalty;
      tokens[step * hypotheses + base + slot] = chosen.token;
      parents[step * hypotheses + base + slot] = chosen.slot;
    }

    // Finished: the beam best of those there were and those that end now; earlier ones win ties.
    var keys: array<f32, BEAM>;
    var entries: array<vec4u, BEAM>;
    for (var i = 0u; i < BEAM; i++) {
      entries[i] = finished[base + i];
      keys[i] = bitcast<f32>(entries[i].x);
    }
    for (var i = 0u; i < CANDIDATES; i++) {
      let ended = top[i].token == params.end_of_sentence;
      let key = top[i].score + select(NEVER, 0.0, ended);
      if (key <= keys[BEAM - 1u]) { continue; }
      var at = BEAM - 1u;
      while (at > 0u && key > keys[at - 1u]) {
        keys[at] = keys[at - 1u];
        entries[at] = entries[at - 1u];
        at--;
      }
      keys[at] = key;
      entries[at] = vec4u(bitcast<u32>(key), 2u * step + select(0u, 1u, ended), top[i].slot, top[i].token);
    }
    for (var i = 0u; i < BEAM; i++) { finished[base + i] = entries[i]; }

    // The best an alive hypothesis can still become, against the finished ones.
    let reachable = alive[base] / penalties[0];
${
  stopEarly
    ? `    let decided = keys[0] > reachable;
    control[${Control.words}u + sentence] = select(0u, 1u, decided);
    if (!decided) { atomicStore(&undecided, 1u); }`
    : `    lowest = min(lowest, keys[BEAM - 1u]);
    bound = max(bound, reachable);`
}
  }
${stopEarly ? '' : '  lowest_finished[lane.x] = lowest;\n  highest_bound[lane.x] = bound;'}
  workgroupBarrier();
  if (lane.x == 0u) {
${
  stopEarly
    ? ''
    : `    for (var i = 0u; i < ${lanes}u; i++) {
      lowest = min(lowest, lowest_finished[i]);
      bound = max(bound, highest_bound[i]);
    }
    if (!(lowest > bound)) { atomicStore(&undecided, 1u); }`
}
    control[${Control.step}] = step + 1u;
    control[${Control.done}] = select(0u, 1u, step + 1u >= limit || atomicLoad(&undecided) == 0u);
  }
}

fn comes_first(a: Candidate, b: Candidate) -> bool {
  return a.slot < b.slot || (a.slot == b.slot && a.token < b.token);
}
`,
  });
}

export const BEAM_STEP_GRID: Grid = [1, 1, 1];
