import { LOG_FUNCTION } from './elementary.ts';
import { type Grid, type Kernel, kernel } from './kernel.ts';
import { followBeams } from './lineage.ts';
import { type RankVariant, rankFunctions, rankMemory, STATISTICS } from './rank-columns.ts';
import { arriveFunction, Control } from './search-control.ts';

/**
 * Words that describe one finished hypothesis: its score as bits, twice the step of its last token plus whether it has really
 * ended, the slot it grew from, its last token.
 */
export const FINISHED_WORDS = 4;

/** Score of a hypothesis that cannot win: large, and exact in float32. */
export const NEVER = -1e7;

/**
 * One step of beam search for all sentences, from their logits on, exactly as Tensor2Tensor does it (spec: transformer, 4.4
 * and 4.5). A workgroup has a sentence: it ranks the columns `sentence · beam + slot` of its hypotheses, puts their
 * `2 · beam` best continuations in order, and follows the beams that change places. Order is found by counting: what so many come
 * before has that place.
 *
 * Scores are length-normalised log-probabilities, `logp / penalty`, with a table of penalties from the host: word 0 for the
 * longest hypothesis allowed, word 1 + i for step i. Hypotheses are not stored as sequences: each step leaves, per slot, its
 * token and where it comes from (`lineage`).
 *
 *     logits [V, columns]     ranks [rankRows, columns]     tokens, lineage [steps, sentences · beam]
 *     finished [sentences, beam, 4]     alive [sentences · beam] log-probabilities
 */
export interface BeamStepVariant extends Omit<RankVariant, 'k'> {
  readonly beam: number;
  /** End a sentence when its best finished hypothesis cannot be beaten; else when no finished one of any sentence can. */
  readonly stopEarly: boolean;
}

/** Logits of a hypothesis that a step ranks. */
export function continuations(beam: number): number {
  return 2 * beam;
}

export function beamStepKernel(variant: BeamStepVariant): Kernel {
  const { beam, stopEarly, abreast, lanes, chunkRows, block } = variant;
  const candidates = continuations(beam);
  const invocations = abreast * lanes;
  return kernel({
    name: `beam step ${beam}${stopEarly ? '' : ', all beams'}, ${lanes}x${abreast} lanes, ${block} of ${chunkRows} rows`,
    parameters: [
      { name: 'sentences', type: 'u32' },
      { name: 'rows', type: 'u32' },
      { name: 'columns', type: 'u32' },
      { name: 'end_of_sentence', type: 'u32' },
    ],
    bindings: [
      { name: 'logits', element: 'f32', access: 'read' },
      { name: 'penalties', element: 'f32', access: 'read' },
      { name: 'ranks', element: 'u32', access: 'read_write' },
      { name: 'control', element: 'atomic<u32>', access: 'read_write' },
      { name: 'alive', element: 'f32', access: 'read_write' },
      { name: 'tokens', element: 'u32', access: 'read_write' },
      { name: 'lineage', element: 'u32', access: 'read_write' },
      { name: 'finished', element: 'vec4u', access: 'read_write' },
    ],
    body: /* wgsl */ `${LOG_FUNCTION}
${rankFunctions({ ...variant, k: candidates })}
${stopEarly ? arriveFunction() : arriveFunction(JUDGED_TOGETHER, FORGET)}
const BEAM = ${beam}u;
const CANDIDATES = ${candidates}u;
const ALL = ${beam * candidates}u;
const LANES = ${invocations}u;
const NEVER = ${NEVER}.0;

// A continuation, its score as the number that is in the order of scores.
struct Candidate {
  key: u32,
  slot: u32,
  token: u32,
}

var<workgroup> already_done: u32;
var<workgroup> top: array<Candidate, CANDIDATES>;
var<workgroup> parents: array<u32, BEAM>;
var<workgroup> ended: array<vec4u, BEAM>;
var<workgroup> best_alive: f32;

@compute @workgroup_size(${abreast}, ${lanes})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  if (index == 0u) { already_done = atomicLoad(&control[${Control.done}]); }
  if (workgroupUniformLoad(&already_done) != 0u) { return; }
  let step = atomicLoad(&control[${Control.step}]);
  let penalty = penalties[step + 1u];
  let hypotheses = params.sentences * BEAM;
  let base = group.x * BEAM;
  let n = params.columns;

  for (var slot = 0u; slot < BEAM; slot += ${abreast}u) {
    let own = slot + lane.x;
    rank_column(base + min(own, BEAM - 1u), own < BEAM, lane);
  }
  storageBarrier();
  // Scores take the places of the logits, in their order.
  for (var i = index; i < ALL; i += LANES) {
    let column = base + i / CANDIDATES;
    let normaliser = exact_log(bitcast<f32>(ranks[n + column])) + bitcast<f32>(ranks[column]);
    let place = (i % CANDIDATES + ${STATISTICS}u) * n + column;
    let logp = alive[column] + (bitcast<f32>(ranks[place]) - normaliser);
    ranks[place] = in_order(logp / penalty);
  }
  storageBarrier();

  // The 2 · beam best of beam · V continuations: by score, of equal scores the lower slot, then the lower token.
  for (var i = index; i < ALL; i += LANES) {
    let own = candidate(base, i);
    var place = 0u;
    for (var other = 0u; other < ALL; other++) {
      place += select(0u, 1u, precedes(candidate(base, other), other, own, i));
    }
    if (place < CANDIDATES) { top[place] = own; }
  }
  workgroupBarrier();

  // Alive: the beam best that have not ended.
  for (var i = index; i < CANDIDATES; i += LANES) {
    let own = alive_key(i);
    var slot = 0u;
    for (var other = 0u; other < CANDIDATES; other++) {
      slot += select(0u, 1u, goes_before(alive_key(other), other, own, i));
    }
    if (slot < BEAM) {
      let chosen = top[i];
      let logp = score_of(chosen.key) * penalty;
      alive[base + slot] = logp;
      tokens[step * hypotheses + base + slot] = chosen.token;
      parents[slot] = chosen.slot;
      if (slot == 0u) { best_alive = logp; }
    }
  }
  // Finished: the beam best of those there were and those that end now; earlier ones win ties.
  for (var i = index; i < BEAM + CANDIDATES; i += LANES) {
    let own = finished_key(base, i);
    var place = 0u;
    for (var other = 0u; other < BEAM + CANDIDATES; other++) {
      place += select(0u, 1u, goes_before(finished_key(base, other), other, own, i));
    }
    if (place < BEAM) { ended[place] = finished_entry(base, i, step); }
  }
  workgroupBarrier();
  for (var i = index; i < BEAM; i += LANES) { finished[base + i] = ended[i]; }
${followBeams('parents', beam, 'index', invocations)}

  if (index == 0u) {
    // The best an alive hypothesis can still become, against the finished ones.
    let reachable = best_alive / penalties[0];
${
  stopEarly
    ? `    let decided = bitcast<f32>(ended[0].x) > reachable;
    atomicStore(&control[${Control.words}u + group.x], select(0u, 1u, decided));
    arrive(step, select(0x10001u, 1u, decided));`
    : `    let seen = atomicMax(&control[${Control.lowestFinished}], ~in_order(bitcast<f32>(ended[BEAM - 1u].x)))
      | atomicMax(&control[${Control.highestBound}], in_order(reachable));
    // What both gave goes into the count, above what is counted, so that it cannot come before them.
    arrive(step, 1u + (seen & 0xffff0000u));`
}
  }
}

fn candidate(base: u32, i: u32) -> Candidate {
  let slot = i / CANDIDATES;
  let place = (i % CANDIDATES + ${STATISTICS}u) * params.columns + base + slot;
  return Candidate(ranks[place], slot, ranks[place + CANDIDATES * params.columns]);
}

// By score, of equal scores the lower slot, then the lower token; no two are equal.
fn precedes(one: Candidate, i: u32, other: Candidate, j: u32) -> bool {
  let is_lower = (one.slot < other.slot) | ((one.slot == other.slot) &
    ((one.token < other.token) | ((one.token == other.token) & (i < j))));
  return (one.key > other.key) | ((one.key == other.key) & is_lower);
}

fn alive_key(i: u32) -> u32 {
  return in_order(score_of(top[i].key) + select(0.0, NEVER, top[i].token == params.end_of_sentence));
}

// Those there were, then those that end now; what goes on instead of ending comes with a score that cannot win.
fn finished_entry(base: u32, i: u32, step: u32) -> vec4u {
  if (i < BEAM) { return finished[base + i]; }
  let own = top[i - BEAM];
  let has_ended = own.token == params.end_of_sentence;
  let score = score_of(own.key) + select(NEVER, 0.0, has_ended);
  return vec4u(bitcast<u32>(score), 2u * step + select(0u, 1u, has_ended), own.slot, own.token);
}

fn finished_key(base: u32, i: u32) -> u32 {
  return in_order(bitcast<f32>(finished_entry(base, i, 0u).x));
}

fn goes_before(key: u32, place: u32, other_key: u32, other_place: u32) -> bool {
  return (key > other_key) | ((key == other_key) & (place < other_place));
}

// The order of scores as one of unsigned numbers, in which what is not a number has a place too; -0 and 0 are one.
fn in_order(score: f32) -> u32 {
  let signed = bitcast<u32>(score);
  let bits = select(signed, 0u, signed == 0x80000000u);
  return select(bits | 0x80000000u, ~bits, bits > 0x7fffffffu);
}

fn score_of(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffffu, key > 0x7fffffffu));
}
`,
  });
}

/** Beams are judged together: the worst finished hypothesis of any sentence against what any can still reach. */
const JUDGED_TOGETHER = `~atomicLoad(&control[${Control.lowestFinished}]) <= atomicLoad(&control[${Control.highestBound}])`;
const FORGET = `
  atomicStore(&control[${Control.lowestFinished}], 0u);
  atomicStore(&control[${Control.highestBound}], 0u);`;

/** Bytes of workgroup memory. */
export function beamStepMemory(variant: Omit<BeamStepVariant, 'stopEarly'>): number {
  const { beam } = variant;
  const k = continuations(beam);
  return rankMemory({ ...variant, k }) + 12 * k + 20 * beam + 8;
}

/** A workgroup for each sentence. */
export function beamStepGrid(sentences: number): Grid {
  return [sentences, 1, 1];
}
