/** A matrix of a model: A of `C[rows, N] = A[rows, cols] · B[cols, N]`. */
export interface ModelMatrix {
  /** As the Deep Learning Matrix Collection calls it. */
  readonly name: string;
  /** Where the collection has its pattern; nowhere for matrices of models of another size. */
  readonly model: 'transformer' | 'rn50' | undefined;
  readonly rows: number;
  readonly cols: number;
}

/** Ends of an interval of values. */
export type ValueRange = readonly [low: number, high: number];

interface NamedVariable {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The weights of a matrix. */
export interface WeightsVariable extends NamedVariable {
  readonly role: 'weights';
  readonly matrix: ModelMatrix;
  /** Default: what keeps the size of activations, see {@link valueRange}. */
  readonly range?: ValueRange;
}

/** Which weights of a matrix are kept: 1 for those, else 0. */
export interface MaskVariable extends NamedVariable {
  readonly role: 'mask';
  readonly matrix: ModelMatrix;
  /** Whether the matrix is `[out, in]` and the variable `[…, in, out]`. */
  readonly transpose: boolean;
}

/** A bias, a normalisation, anything that is never sparse. */
export interface OtherVariable extends NamedVariable {
  readonly role: 'other';
  readonly range: ValueRange;
}

/** A float32 variable of a pruned model, and of which size values made up for it should be. */
export type ModelVariable = WeightsVariable | MaskVariable | OtherVariable;

/**
 * The range of values made up for a variable. Sums of weights drawn evenly from theirs, of which so many are zero, have the
 * variance of what they are multiplied with.
 * @param sparsity share of zeros in [0, 1)
 */
export function valueRange(variable: WeightsVariable | OtherVariable, sparsity: number): ValueRange {
  if (variable.role === 'other') return variable.range;
  const bound = Math.sqrt(3 / (variable.matrix.cols * (1 - sparsity)));
  return variable.range ?? [-bound, bound];
}
