import { DataError, UsageError } from '../base/errors.ts';
import { type FloatPiece, inStep, streamFloat32 } from '../base/float-stream.ts';
import { DEFAULT_LOG_ALPHA_THRESHOLD } from '../base/numerics.ts';
import type { Technique } from '../base/technique.ts';
import { type CsrMatrix, CsrWriter } from '../graph/weights/csr.ts';
import { CsrEntryList, type OpenEntries } from '../graph/weights/csr-entries.ts';
import type { Checkpoint } from '../io/checkpoint/checkpoint-types.ts';
import type { Site } from './site.ts';
import { effectiveWeight, keptWeight, type WeightRule } from './weight-rule.ts';
import { SCAN_ELEMENTS, weightScan } from './weight-scan.ts';

/** How {@link readEffectiveMatrix} lays out a matrix and decides on its weights. */
export interface EffectiveMatrixOptions {
  /** Turns stored kernels `[in, out]` into `A = [out, in]`; axes before the last count as one. Default false. */
  readonly transpose?: boolean;
  /** Log-alpha threshold of variational dropout. Default 3. */
  readonly threshold?: number;
  /**
   * Gives 1 for each weight that the technique keeps, even one whose value is 0, instead of the weight; of dense, for each that
   * is not 0. Default false.
   */
  readonly pattern?: boolean;
}

/**
 * Reads the weights a sparse model computes with at evaluation, compressed: mask · weight (pruning), the weight where
 * its log-alpha lies below the threshold (variational dropout), gate · weight (L0 regularisation), or the weight
 * itself (dense). Decisions are made in float32 as TensorFlow makes them; weights that come out as exactly 0 are not
 * stored.
 *
 * Variables are streamed once; beside the result, its entries are held in the order they were stored, and a few MiB.
 *
 * @param sites one site, or several of equal inner size whose rows are stacked in order (queries, keys and values;
 *   heads).
 * @returns `[sum of out, in]` with `transpose`, else `[sum of rows, columns]`.
 * @throws {UsageError} without any site.
 * @throws {DataError} where a variable is missing or not float32, where the shapes of a weight and its companion, or
 *   of stacked sites, do not fit, and where a weight is not finite.
 */
export async function readEffectiveMatrix(
  checkpoint: Checkpoint,
  sites: Site | readonly Site[],
  technique: Technique,
  options: EffectiveMatrixOptions = {},
): Promise<CsrMatrix> {
  const { transpose = false, threshold = DEFAULT_LOG_ALPHA_THRESHOLD } = options;
  const blocks = layOut(checkpoint, Array.isArray(sites) ? sites : [sites as Site], transpose);
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  const rule = options.pattern ? keptWeight(technique, threshold) : effectiveWeight(technique, threshold);

  const { cols } = blocks[0];
  const entries = new CsrEntryList(rows, cols);
  for (const block of blocks) await readEntries(checkpoint, block, transpose, rule, entries);
  const writer = new CsrWriter(rows, cols, entries.rowLengths());
  for (const some of entries.drain()) writer.pushAll(some);
  return writer.finish();
}

/** A site's place in the result. */
interface Block {
  readonly site: Site;
  readonly firstRow: number;
  readonly rows: number;
  readonly cols: number;
}

function layOut(checkpoint: Checkpoint, sites: readonly Site[], transpose: boolean): Block[] {
  if (sites.length === 0) throw new UsageError('readEffectiveMatrix: no sites were given');
  const blocks: Block[] = [];
  let firstRow = 0;
  for (const site of sites) {
    const stored = storedShape(checkpoint, site);
    const [rows, cols] = transpose ? [stored[1], stored[0]] : stored;
    if (blocks.length > 0 && cols !== blocks[0].cols) {
      const [first, other] = [blocks[0].site.weights[0], site.weights[0]];
      throw new DataError(
        `${first} and ${other} cannot be stacked: inner sizes ${blocks[0].cols} and ${cols}`,
        { file: checkpoint.path },
      );
    }
    blocks.push({ site, firstRow, rows, cols });
    firstRow += rows;
  }
  return blocks;
}

/** Shape of the stored matrix, all parts together, once weights and companions agree on it. */
function storedShape(checkpoint: Checkpoint, site: Site): [number, number] {
  const weights = joinedShape(checkpoint, site.weights);
  if (site.companions.length > 0) {
    const companions = joinedShape(checkpoint, site.companions);
    if (weights[0] !== companions[0] || weights[1] !== companions[1]) {
      throw new DataError(
        `${site.weights.join(', ')} is [${weights}] but ${site.companions.join(', ')} is [${companions}]`,
        { file: checkpoint.path },
      );
    }
  }
  return weights;
}

function joinedShape(checkpoint: Checkpoint, names: readonly string[]): [number, number] {
  const shapes = names.map((name) => matrixShape(checkpoint, name));
  const odd = shapes.findIndex((shape) => shape[1] !== shapes[0][1]);
  if (odd >= 0) {
    throw new DataError(`${names[0]} is [${shapes[0]}] but ${names[odd]} is [${shapes[odd]}]`, {
      file: checkpoint.path,
    });
  }
  return [shapes.reduce((sum, shape) => sum + shape[0], 0), shapes[0][1]];
}

function matrixShape(checkpoint: Checkpoint, name: string): [number, number] {
  const { shape } = checkpoint.info(name);
  if (shape.length < 2) {
    throw new DataError(`variable ${name} is [${shape}], not a matrix`, { file: checkpoint.path });
  }
  return [shape.slice(0, -1).reduce((product, size) => product * size, 1), shape[shape.length - 1]];
}

/** Collects the weights of a block that are not 0, as they are stored: columns rise within each row of the result. */
async function readEntries(
  checkpoint: Checkpoint,
  block: Block,
  transpose: boolean,
  rule: WeightRule,
  entries: CsrEntryList,
): Promise<void> {
  const scan = weightScan();
  let start = 0;
  for await (const [weights, companions] of piecesOf(checkpoint, block.site)) {
    for (let at = 0; at < weights.data.length; at += SCAN_ELEMENTS) {
      const w = weights.data.subarray(at, at + SCAN_ELEMENTS);
      const c = companions.data.subarray(at, at + SCAN_ELEMENTS);
      const nonZero = scan(w, rule.selector === 'companions' ? c : w);
      if (nonZero === undefined) throw notFinite(checkpoint, rule, weights, companions);
      const places = rule.selector === undefined ? ALL_PLACES.subarray(0, w.length) : nonZero;
      const room = entries.room(places.length);
      const areFinite = addEntries(
        { start: start + at, weights: w, companions: c, places },
        rule,
        room,
        block,
        transpose,
      );
      if (!areFinite) throw notFinite(checkpoint, rule, weights, companions);
    }
    start += weights.data.length;
  }
}

const ALL_PLACES = Uint32Array.from({ length: SCAN_ELEMENTS }, (_, place) => place);

/** Consecutive weights of a block. */
interface Tile {
  /** Row-major place of the first in the block as it is stored. */
  readonly start: number;
  readonly weights: Float32Array;
  readonly companions: Float32Array;
  /** Those to look at, counted from the first. */
  readonly places: Uint32Array;
}

/** @returns whether all values are finite. */
function addEntries(
  { start, weights, companions, places }: Tile,
  { value: evaluate }: WeightRule,
  room: OpenEntries,
  block: Block,
  transpose: boolean,
): boolean {
  const { values } = room;
  const lines = transpose ? room.columns : room.rows;
  const within = transpose ? room.rows : room.columns;
  const [lineLength, lineOffset, offset] = transpose
    ? [block.rows, 0, block.firstRow]
    : [block.cols, block.firstRow, 0];
  let line = Math.floor(start / lineLength);
  let lineStart = line * lineLength - start;
  let count = room.length;
  let sumOfZeros = 0;
  for (let j = 0; j < places.length; j++) {
    const place = places[j];
    const value = evaluate(weights[place], companions[place]);
    sumOfZeros += value * 0;
    if (value === 0) continue;
    while (place >= lineStart + lineLength) {
      lineStart += lineLength;
      line++;
    }
    lines[count] = lineOffset + line;
    within[count] = offset + place - lineStart;
    values[count] = value;
    count++;
  }
  room.length = count;
  return !Number.isNaN(sumOfZeros);
}

/** Weights and companions in step; a dense site, which has no companions, is paired with itself. */
async function* piecesOf(
  checkpoint: Checkpoint,
  site: Site,
): AsyncGenerator<[FloatPiece, FloatPiece], void, undefined> {
  const weights = streamFloat32(checkpoint, site.weights);
  if (site.companions.length > 0) {
    yield* inStep(weights, streamFloat32(checkpoint, site.companions));
  } else {
    for await (const piece of weights) yield [piece, piece];
  }
}

/** The first element of a piece that makes no finite weight. */
function notFinite(
  checkpoint: Checkpoint,
  rule: WeightRule,
  weights: FloatPiece,
  companions: FloatPiece,
): DataError {
  const fits = (weight: number, i: number) =>
    Number.isFinite(weight) && Number.isFinite(rule.value(weight, companions.data[i]));
  const i = weights.data.findIndex((weight, at) => !fits(weight, at));
  const weight = `${weights.name} element ${weights.start + i} is ${weights.data[i]}`;
  const companion = `${companions.name} element ${companions.start + i} is ${companions.data[i]}`;
  const reason = Number.isFinite(weights.data[i]) ? `${companion} where ${weight}` : weight;
  return new DataError(`${reason}: weights must be finite numbers`, { file: checkpoint.path });
}
