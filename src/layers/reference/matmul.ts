import { UsageError } from '../../base/errors.ts';
import type { LinearMap } from './linear-map.ts';
import { type DenseTensor, requireRank, requireTensor, reshaped, shapeText } from './tensor.ts';

/** Which operands are transposed before they are multiplied. */
export interface MatmulOptions {
  /** `x` is `[n, m]`. Default false. */
  readonly transposeA?: boolean;
  /** The weights are `[k, n]`. Default false. */
  readonly transposeB?: boolean;
}

/** `x [m, n] · w [n, k] → [m, k]` */
export function matmulMap({ transposeA = false, transposeB = false }: MatmulOptions = {}): LinearMap {
  const view = (tensor: DenseTensor, transposed: boolean) =>
    transposed ? turned(matrix(tensor)) : matrix(tensor);
  return {
    check(x, weights) {
      requireRank('x', x, 2, transposeA ? '[inputs, batch]' : '[batch, inputs]');
      requireRank('the weight', weights, 2, transposeB ? '[outputs, inputs]' : '[inputs, outputs]');
      requireInner(x.shape, x.shape[transposeA ? 0 : 1], weights.shape, weights.shape[transposeB ? 1 : 0]);
    },
    apply: (x, weights) => multiply(view(x, transposeA), view(weights, transposeB)),
    inputGradient(dy, weights) {
      const w = view(weights, transposeB);
      return transposeA ? multiply(w, turned(matrix(dy))) : multiply(matrix(dy), turned(w));
    },
    weightGradient(dy, x) {
      const a = view(x, transposeA);
      return transposeB ? multiply(turned(matrix(dy)), a) : multiply(turned(a), matrix(dy));
    },
    noiseShape: (yShape) => yShape,
  };
}

/**
 * `x [d0, …, n] · w [n, k] → [d0, …, k]`: one matrix for all positions. Noise is one number for each first index and output,
 * shared by the axes between them (the time steps of a sentence).
 */
export function broadcastMatmulMap(): LinearMap {
  const rows = (tensor: DenseTensor) =>
    matrix(reshaped(tensor, [tensor.data.length / last(tensor.shape), last(tensor.shape)]));
  return {
    check(x, weights) {
      requireTensor('x', x);
      if (x.shape.length < 2) throw new UsageError(`x is ${shapeText(x.shape)}, expected [batch, …, inputs]`);
      requireRank('the weight', weights, 2, '[inputs, outputs]');
      requireInner(x.shape, last(x.shape), weights.shape, weights.shape[0]);
    },
    apply(x, weights) {
      return reshaped(multiply(rows(x), matrix(weights)), [...x.shape.slice(0, -1), weights.shape[1]]);
    },
    inputGradient(dy, weights, xShape) {
      return reshaped(multiply(rows(dy), turned(matrix(weights))), xShape);
    },
    weightGradient: (dy, x) => multiply(turned(rows(x)), rows(dy)),
    noiseShape: (yShape) =>
      yShape.map((extent, axis) => (axis === 0 || axis === yShape.length - 1 ? extent : 1)),
  };
}

/** A matrix read through strides: transposing it moves nothing. */
interface Matrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

function matrix({ data, shape: [rows, columns] }: DenseTensor): Matrix {
  return { data, rows, columns, rowStride: columns, columnStride: 1 };
}

function turned({ data, rows, columns, rowStride, columnStride }: Matrix): Matrix {
  return { data, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride };
}

function multiply(a: Matrix, b: Matrix): DenseTensor {
  const data = new Float64Array(a.rows * b.columns);
  for (let row = 0; row < a.rows; row++) {
    for (let k = 0; k < a.columns; k++) {
      const factor = a.data[row * a.rowStride + k * a.columnStride];
      for (let column = 0; column < b.columns; column++) {
        data[row * b.columns + column] += factor * b.data[k * b.rowStride + column * b.columnStride];
      }
    }
  }
  return { shape: [a.rows, b.columns], data };
}

function requireInner(x: readonly number[], inputs: number, weights: readonly number[], rows: number): void {
  if (inputs !== rows) {
    throw new UsageError(
      `x ${shapeText(x)} has ${inputs} inputs, the weight ${shapeText(weights)} expects ${rows}`,
    );
  }
}

function last(shape: readonly number[]): number {
  return shape[shape.length - 1];
}
