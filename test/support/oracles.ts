import { type Expected, gamma, UNIT } from './accuracy.ts';

/*
 * What the kernels must compute, in float64 and straight from the formulas, each with the rounding error that float32 is
 * allowed. Matrices are row-major; of activations, columns are positions.
 */

/** A matrix product with everything that may follow it. */
export interface Product {
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  /** `[rows, depth]` */
  readonly a: Float32Array;
  /** `[depth, columns]` */
  readonly b: Float32Array;
  /** `[rows]` */
  readonly bias: Float32Array;
  readonly relu: boolean;
  /** `[columns]` */
  readonly columnScale: Float32Array | undefined;
  /** `[rows, columns]` */
  readonly residual: Float32Array | undefined;
}

/**
 * `relu(residual + columnScale · (a · b + bias))`. A float32 sum of n products is off by at most γ(n) Σ|a·b|, in whatever order
 * it is taken; each step after it adds a rounding.
 */
export function productOracle(product: Product): Expected {
  const { rows, depth, columns, a, b, bias, relu, columnScale, residual } = product;
  const value = new Float64Array(rows * columns);
  const bound = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const terms = Array.from({ length: depth }, (_, k) => k).filter((k) => a[row * depth + k] !== 0);
    for (let column = 0; column < columns; column++) {
      let sum: number = bias[row];
      let size = Math.abs(bias[row]);
      for (const k of terms) {
        const term = a[row * depth + k] * b[k * columns + column];
        sum += term;
        size += Math.abs(term);
      }
      const factor = columnScale?.[column] ?? 1;
      const at = row * columns + column;
      const addend = residual?.[at] ?? 0;
      const result = addend + factor * sum;
      value[at] = relu ? Math.max(0, result) : result;
      bound[at] = gamma(terms.length + 4) * (Math.abs(addend) + Math.abs(factor) * size);
    }
  }
  return { value, bound };
}

/** `c [rows, columns] · b [cols, columns]ᵀ`: what a sampled product takes its elements from. */
export function sampledOracle({
  rows,
  cols,
  columns,
  c,
  b,
}: {
  readonly rows: number;
  readonly cols: number;
  readonly columns: number;
  readonly c: Float32Array;
  readonly b: Float32Array;
}): Expected {
  const transposed = b.map((_, i) => b[(i % cols) * columns + Math.floor(i / cols)]);
  const none = { relu: false, columnScale: undefined, residual: undefined };
  const bias = new Float32Array(rows);
  return productOracle({ rows, depth: columns, columns: cols, a: c, b: transposed, bias, ...none });
}

/** Layer normalisation of the columns of `x [features, columns]`. */
export function layerNormOracle(
  x: Float32Array,
  features: number,
  columns: number,
  scale: Float32Array,
  bias: Float32Array,
  epsilon: number,
): Expected {
  const value = new Float64Array(x.length);
  const bound = new Float64Array(x.length);
  for (let column = 0; column < columns; column++) {
    const at = (feature: number) => feature * columns + column;
    const indices = Array.from({ length: features }, (_, feature) => feature);
    const average = (of: (feature: number) => number) =>
      indices.reduce((sum, feature) => sum + of(feature), 0) / features;
    const mean = average((feature) => x[at(feature)]);
    const variance = average((feature) => (x[at(feature)] - mean) ** 2) + epsilon;
    // A mean that is off shifts every difference and adds its square to the variance.
    const shift = gamma(features + 4) * average((feature) => Math.abs(x[at(feature)]));
    const varianceError = gamma(features + 8) + shift ** 2 / variance;
    for (const feature of indices) {
      const difference = x[at(feature)] - mean;
      const normal = difference / Math.sqrt(variance);
      value[at(feature)] = normal * scale[feature] + bias[feature];
      const error = shift / Math.sqrt(variance) + Math.abs(normal) * (varianceError + gamma(8));
      bound[at(feature)] =
        Math.abs(scale[feature]) * error * (1 + varianceError) + gamma(2) * Math.abs(bias[feature]);
    }
  }
  return { value, bound };
}

/**
 * Attention of one query over some keys. The logit with its bias is rounded to float32 before the softmax: a bias of −1e9
 * swallows the logit, so that a query whose keys are all masked attends to all of them alike, as in the original.
 * @param keys one array of features for each key
 */
export function attentionOracle(
  query: ArrayLike<number>,
  keys: readonly ArrayLike<number>[],
  values: readonly ArrayLike<number>[],
  bias: ArrayLike<number>,
  scale: number,
): Expected {
  const features = query.length;
  let logitError = 0;
  const logits = keys.map((key, j) => {
    let sum = 0;
    let size = 0;
    for (let d = 0; d < features; d++) {
      sum += query[d] * key[d] * scale;
      size += Math.abs(query[d] * key[d] * scale);
    }
    logitError = Math.max(logitError, gamma(features + 4) * size);
    return Math.fround(sum + bias[j]);
  });
  const most = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // Differences of logits beyond 87 do not count, up to there each is rounded; every weight may be rescaled on the way.
  const range = Math.min(most - Math.min(...logits), 87);
  const relative = Math.expm1(2 * logitError + (4 * range + 6 * keys.length + 20) * UNIT);
  const value = new Float64Array(values[0].length);
  const bound = new Float64Array(values[0].length);
  for (let d = 0; d < value.length; d++) {
    weights.forEach((weight, j) => {
      value[d] += (weight / total) * values[j][d];
      bound[d] += ((weight / total) * relative + 1e-37) * Math.abs(values[j][d]);
    });
  }
  return { value, bound };
}

/** Ids of the largest values, of equal ones the smaller id first. */
export function largest(values: ArrayLike<number>, count: number): number[] {
  return Array.from(values, (_, id) => id)
    .sort((a, b) => values[b] - values[a] || a - b)
    .slice(0, count);
}

/** `Σ exp(logit − largest logit)`, the denominator of a softmax. */
export function exponentialSumOracle(logits: ArrayLike<number>): Expected {
  const list = Array.from(logits);
  const most = Math.max(...list);
  let value = 0;
  let bound = 0;
  for (const logit of list) {
    const term = Math.exp(logit - most);
    value += term;
    bound += (term * (4 * (most - logit) + 4 * list.length + 8) + 1e-37) * UNIT;
  }
  return { value: Float64Array.of(value), bound: Float64Array.of(bound) };
}

/** `logits − log Σ exp(logits)` */
export function logSoftmax(logits: ArrayLike<number>): number[] {
  const list = Array.from(logits);
  const most = Math.max(...list);
  const normaliser = most + Math.log(list.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
  return list.map((logit) => logit - normaliser);
}
