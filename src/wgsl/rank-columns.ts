import { expFunction } from './elementary.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { LOWEST } from './online-softmax.ts';

/**
 * Log-softmax statistics and the K largest logits of columns, found by one workgroup: WGSL for kernels that choose by them.
 *
 *     logits [V, columns]  →  ranks, rows of `columns` words, floats as their bits:
 *                             row 0          the largest logit m
 *                             row 1          Σ exact_exp(logit − m)
 *                             rows 2 …       the K largest logits, descending
 *                             rows 2 + K …   their rows in `logits` (token ids); of equal logits the smaller first
 *
 * Logits are read once, in chunks of rows, of which only the peaks are kept. The K largest logits lie in the K chunks with the
 * largest peaks: these are picked first, then the logits among theirs. Either takes K rounds, in which every lane offers the
 * best that it has left, and the first of all is taken.
 *
 * Where a logit of a column is not a number, m is infinite, so that no score of it is finite.
 */
export interface RankVariant {
  readonly k: number;
  /** Columns that the workgroup ranks side by side, a lane of x each. */
  readonly abreast: number;
  /** Lanes of y, which share a column; a power of two. */
  readonly lanes: number;
  /** Rows of a chunk, see `chunkRows`. */
  readonly chunkRows: number;
  /** Rows that a lane loads at once; divides those of a chunk. */
  readonly block: number;
}

/** Rows of `ranks` before the K values. */
export const STATISTICS = 2;

/** Rows of `ranks`. */
export function rankRows({ k }: Pick<RankVariant, 'k'>): number {
  return STATISTICS + 2 * k;
}

/** Bytes of workgroup memory. */
export function rankMemory({ k, abreast, lanes }: RankVariant): number {
  return abreast * (8 * lanes + 8 * groupsOf(lanes) + 4 * k);
}

/** Rows of chunks come in such steps. */
const ROW_STEP = 16;
/** Chunks of a column are so many at most: lanes keep their peaks. */
const MOST_CHUNKS = 512;

/** Rows of a chunk of so many. */
export function chunkRows(rows: number): number {
  return ROW_STEP * ceilDivide(rows, ROW_STEP * MOST_CHUNKS);
}

/** Ranks columns and does no more. */
export function rankKernel(variant: RankVariant): Kernel {
  const { k, abreast, lanes, chunkRows, block } = variant;
  return kernel({
    name: `top ${k}, ${lanes}x${abreast} lanes, ${block} of ${chunkRows} rows`,
    parameters: [
      { name: 'rows', type: 'u32' },
      { name: 'columns', type: 'u32' },
    ],
    bindings: [
      { name: 'logits', element: 'f32', access: 'read' },
      { name: 'ranks', element: 'u32', access: 'read_write' },
    ],
    body: /* wgsl */ `${rankFunctions(variant)}
@compute @workgroup_size(${abreast}, ${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let column = group.x * ${abreast}u + lane.x;
  rank_column(min(column, params.columns - 1u), column < params.columns, lane);
}
`,
  });
}

export function rankGrid({ abreast }: RankVariant, columns: number): Grid {
  return [ceilDivide(columns, abreast), 1, 1];
}

/**
 * WGSL functions. `rank_column(column, exists, lane)`, which the whole workgroup must call, ranks a column for each lane of x;
 * what it leaves in `ranks` is to be read behind a `storageBarrier()`. They use `logits` and `ranks`, arrays of f32 and of
 * u32, and the parameters `rows` and `columns`.
 */
export function rankFunctions(variant: RankVariant): string {
  const { k, abreast, lanes, chunkRows, block } = variant;
  const groups = groupsOf(lanes);
  const shown = ceilDivide(k * chunkRows, lanes);
  return /* wgsl */ `${expFunction('f32')}
// What a lane has to offer: a chunk by its peak, or a row by its logit.
struct Offer {
  value: f32,
  place: u32,
}

const NOTHING = 0xffffffffu;

var<workgroup> exchange: array<vec2u, ${abreast * lanes}>;
var<workgroup> exchange_of_groups: array<vec2u, ${abreast * groups}>;
var<workgroup> chosen: array<u32, ${abreast * k}>;
// Of a lane's chunks, and rows of the chosen chunks that are its to offer.
var<private> own_peaks: array<f32, ${ceilDivide(MOST_CHUNKS, lanes)}>;
var<private> own_rows: array<Offer, ${shown}>;

fn rank_column(column: u32, exists: bool, lane: vec3u) {
  let n = params.columns;
  let chunks = select(0u, (params.rows + ${chunkRows - 1}u) / ${chunkRows}u, exists);
  var most = ${LOWEST};
  var total = 0.0;
  // Devices leave out what is not a number where they compare: as bits it is beyond infinity.
  var beyond = 0u;
  var best = Offer(${LOWEST}, NOTHING);
  for (var chunk = lane.y; chunk < chunks; chunk += ${lanes}u) {
    var peak = ${LOWEST};
    let end = min((chunk + 1u) * ${chunkRows}u, params.rows);
    var row = chunk * ${chunkRows}u;
    for (; row + ${block}u <= end; row += ${block}u) {
${readRows(block)}
    }
    // The last rows of all.
    for (; row < end; row++) {
${readRows(1)}
    }
    own_peaks[chunk / ${lanes}u] = peak;
    if (peak > best.value) { best = Offer(peak, chunk); }
  }
  var first = best;
  var highest = 0.0;
  for (var i = 0u; i < ${k}u; i++) {
    first = first_offer(best, lane);
    if (i == 0u) { highest = first.value; }
    if (lane.y == 0u) { chosen[i * ${abreast}u + lane.x] = first.place; }
    if (best.place == first.place) { best = next_chunk(first, chunks, lane); }
  }
  let infinity = bitcast<f32>(min(beyond, 0x7f800000u));
  let share = vec2f(total * exact_exp(most - max(most, highest)), select(most, infinity, beyond > 0x7f800000u));
  let statistics = join_shares(share, lane);
  let stores = exists & (lane.y == 0u);
  if (stores) {
    ranks[column] = bitcast<u32>(statistics.y);
    ranks[n + column] = bitcast<u32>(statistics.x);
  }
  for (var i = 0u; i < ${shown}u; i++) {
    let at = min(i * ${lanes}u + lane.y, ${k * chunkRows - 1}u);
    let chunk = chosen[at / ${chunkRows}u * ${abreast}u + lane.x];
    let row = chunk * ${chunkRows}u + at % ${chunkRows}u;
    let exists = (chunk != NOTHING) & (row < params.rows);
    own_rows[i] = Offer(logits[min(row, params.rows - 1u) * n + column], select(NOTHING, row, exists));
  }
  best = next_row(Offer(3.4e38, 0u));
  for (var i = 0u; i < ${k}u; i++) {
    first = first_offer(best, lane);
    if (stores) {
      ranks[(${STATISTICS}u + i) * n + column] = bitcast<u32>(first.value);
      ranks[(${STATISTICS + k}u + i) * n + column] = select(first.place, 0u, first.place == NOTHING);
    }
    if (best.place == first.place) { best = next_row(first); }
  }
}

fn comes_before(one: Offer, other: Offer) -> bool {
  return (one.value > other.value) | ((one.value == other.value) & (one.place < other.place));
}

fn comes_between(before: Offer, one: Offer, behind: Offer) -> bool {
  return comes_before(before, one) & comes_before(one, behind);
}

// The chunk of a lane that comes next behind one that is taken.
fn next_chunk(taken: Offer, chunks: u32, lane: vec3u) -> Offer {
  var next = Offer(${LOWEST}, NOTHING);
  for (var i = 0u; i < ${ceilDivide(MOST_CHUNKS, lanes)}u; i++) {
    let own = Offer(own_peaks[i], i * ${lanes}u + lane.y);
    if ((own.place < chunks) & comes_between(taken, own, next)) { next = own; }
  }
  return next;
}

// The row of a lane that comes next behind one that is taken.
fn next_row(taken: Offer) -> Offer {
  var next = Offer(${LOWEST}, NOTHING);
  for (var i = 0u; i < ${shown}u; i++) {
    let own = own_rows[i];
    if ((own.place != NOTHING) & comes_between(taken, own, next)) { next = own; }
  }
  return next;
}

fn first_of_two(one: Offer, other: Offer) -> Offer {
  return Offer(
    select(other.value, one.value, comes_before(one, other)),
    select(other.place, one.place, comes_before(one, other)),
  );
}

// The first of what all lanes of a column offer.
fn first_offer(own: Offer, lane: vec3u) -> Offer {
${overLanes(variant, {
  own: 'own',
  pack: (value) => `vec2u(bitcast<u32>(${value}.value), ${value}.place)`,
  unpack: (words) => `Offer(bitcast<f32>(${words}.x), ${words}.y)`,
  join: (a, b) => `first_of_two(${a}, ${b})`,
})}
}

fn sum_and_largest(one: vec2f, other: vec2f) -> vec2f {
  return vec2f(one.x + other.x, max(one.y, other.y));
}

// The sum of the first parts of what all lanes of a column have, and the largest second part.
fn join_shares(own: vec2f, lane: vec3u) -> vec2f {
${overLanes(variant, {
  own: 'own',
  pack: (value) => `bitcast<vec2u>(${value})`,
  unpack: (words) => `bitcast<vec2f>(${words})`,
  join: (a, b) => `sum_and_largest(${a}, ${b})`,
})}
}`;
}

/** WGSL: takes the rows from `row` on into the statistics of a lane and the peak of their chunk. */
function readRows(count: number): string {
  const logit = (i: number) => `logit${i}`;
  const power = (i: number) => `exact_exp(${logit(i)} - most)`;
  return `${unroll(count, (i) => `      let ${logit(i)} = logits[(row + ${i}u) * n + column];`)}
${unroll(count, (i) => `      beyond = max(beyond, bitcast<u32>(${logit(i)}) & 0x7fffffffu);`)}
      let highest = ${inPairs(count, logit, (a, b) => `max(${a}, ${b})`)};
      peak = max(peak, highest);
      let before = most;
      most = max(most, highest);
      total = total * exact_exp(before - most) + ${inPairs(count, power, (a, b) => `(${a} + ${b})`)};`;
}

/** WGSL that returns what the lanes of a column make together of what each has, two words of it: first in groups, then all. */
function overLanes(
  { abreast, lanes }: RankVariant,
  value: {
    own: string;
    pack(value: string): string;
    unpack(words: string): string;
    join(one: string, other: string): string;
  },
): string {
  const { own, pack, unpack, join } = value;
  const groups = groupsOf(lanes);
  const other = (i: number) => `other${i}`;
  return `  exchange[lane.y * ${abreast}u + lane.x] = ${pack(own)};
  workgroupBarrier();
  if (lane.y < ${groups}u) {
${unroll(lanes / groups, (i) => `    let ${other(i)} = ${unpack(`exchange[(lane.y + ${i * groups}u) * ${abreast}u + lane.x]`)};`)}
    let joined = ${inPairs(lanes / groups, other, join)};
    exchange_of_groups[lane.y * ${abreast}u + lane.x] = ${pack('joined')};
  }
  workgroupBarrier();
${unroll(groups, (i) => `  let ${other(i)} = ${unpack(`exchange_of_groups[${i * abreast}u + lane.x]`)};`)}
  return ${inPairs(groups, other, join)};`;
}

/** Lanes that look through what all have, each at a part of it. */
function groupsOf(lanes: number): number {
  return 2 ** Math.floor(Math.log2(lanes) / 2);
}

/** WGSL: `count` expressions joined two by two, which takes fewer steps one after the other, and rounds less. */
function inPairs(count: number, leaf: (i: number) => string, join: (a: string, b: string) => string): string {
  const over = (from: number, to: number): string => {
    const middle = (from + to + 1) >> 1;
    return to - from === 1 ? leaf(from) : join(over(from, middle), over(middle, to));
  };
  return over(0, count);
}
