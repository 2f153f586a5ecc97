import { DataError, UsageError } from '../errors.ts';
import { type FloatPiece, inStep, streamFloat32 } from '../float-stream.ts';
import { type CsrMatrix, CsrWriter } from '../graph/csr.ts';
import type { Checkpoint } from '../io/checkpoint-types.ts';
import { DEFAULT_LOG_ALPHA_THRESHOLD, hardConcreteGate, variationalDropoutKeeps } from '../numerics.ts';
import type { Technique } from '../technique.ts';
import type { Site } from './site.ts';

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
 * Variables are streamed twice, to count and to fill, so that beside the result only a few MiB are held.
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
  const effective = options.pattern
    ? keptWeight(technique, threshold)
    : effectiveWeight(technique, threshold);

  const rowLengths = new Uint32Array(rows);
  for (const block of blocks) {
    await forEachWeight(checkpoint, block, transpose, effective, (row) => {
      rowLengths[row]++;
    });
  }
  const writer = new CsrWriter(rows, blocks[0].cols, rowLengths);
  for (const block of blocks) {
    await forEachWeight(checkpoint, block, transpose, effective, (row, col, value) => {
      writer.push(row, col, value);
    });
  }
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

type EffectiveWeight = (weight: number, companion: number) => number;

function effectiveWeight(technique: Technique, threshold: number): EffectiveWeight {
  switch (technique) {
    case 'dense':
      return (weight) => weight;
    case 'magnitude_pruning':
    case 'random_pruning':
      return (weight, mask) => Math.fround(weight * mask);
    case 'variational_dropout':
      return (weight, logSigma2) => (variationalDropoutKeeps(weight, logSigma2, threshold) ? weight : 0);
    case 'l0_regularization':
      return (weight, logAlpha) => Math.fround(weight * hardConcreteGate(logAlpha));
  }
}

/** 1 where the technique keeps a weight, else 0. */
function keptWeight(technique: Technique, threshold: number): EffectiveWeight {
  switch (technique) {
    case 'dense':
      return (weight) => Number(weight !== 0);
    case 'magnitude_pruning':
    case 'random_pruning':
      return (_, mask) => Number(mask !== 0);
    case 'variational_dropout':
      return (weight, logSigma2) => Number(variationalDropoutKeeps(weight, logSigma2, threshold));
    case 'l0_regularization':
      return (_, logAlpha) => Number(hardConcreteGate(logAlpha) !== 0);
  }
}

/** Visits the non-zero weights of a block in the order they are stored: columns rise within each row of the result. */
async function forEachWeight(
  checkpoint: Checkpoint,
  block: Block,
  transpose: boolean,
  effective: EffectiveWeight,
  visit: (row: number, col: number, value: number) => void,
): Promise<void> {
  const storedCols = transpose ? block.rows : block.cols;
  let storedRow = 0;
  let storedCol = 0;
  for await (const [weights, companions] of piecesOf(checkpoint, block.site)) {
    for (let i = 0; i < weights.data.length; i++) {
      const weight = weights.data[i];
      const value = effective(weight, companions.data[i]);
      if (!Number.isFinite(weight) || !Number.isFinite(value))
        throw notFinite(checkpoint, weights, companions, i);
      if (value !== 0) {
        if (transpose) visit(block.firstRow + storedCol, storedRow, value);
        else visit(block.firstRow + storedRow, storedCol, value);
      }
      if (++storedCol === storedCols) {
        storedCol = 0;
        storedRow++;
      }
    }
  }
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

function notFinite(
  checkpoint: Checkpoint,
  weights: FloatPiece,
  companions: FloatPiece,
  i: number,
): DataError {
  const weight = `${weights.name} element ${weights.start + i} is ${weights.data[i]}`;
  const companion = `${companions.name} element ${companions.start + i} is ${companions.data[i]}`;
  const reason = Number.isFinite(weights.data[i]) ? `${companion} where ${weight}` : weight;
  return new DataError(`${reason}: weights must be finite numbers`, { file: checkpoint.path });
}
