import type { CsrMatrix } from '../../graph/weights/csr.ts';

/** A batch normalisation at evaluation, `[channels]` each. */
export interface BatchNorm {
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  readonly movingMean: Float32Array;
  readonly movingVariance: Float32Array;
}

/** 1e-5 as the fused kernel of TensorFlow 1 rounds it up, a demand of cuDNN. */
export const BATCH_NORM_EPSILON = 1.001e-5;

/**
 * Folds a batch normalisation into the convolution before it: `γ (A x − μ) / √(σ² + ε) + β = A' x + bias`. Each weight is
 * rounded to float32 once.
 * @param matrix `[channels, …]`; its values are overwritten.
 */
export function foldBatchNorm(
  matrix: CsrMatrix,
  { gamma, beta, movingMean, movingVariance }: BatchNorm,
): { matrix: CsrMatrix; bias: Float32Array } {
  const bias = new Float32Array(matrix.rows);
  for (let row = 0; row < matrix.rows; row++) {
    const scale = gamma[row] / Math.sqrt(movingVariance[row] + BATCH_NORM_EPSILON);
    for (let i = matrix.rowStart[row]; i < matrix.rowStart[row + 1]; i++) matrix.values[i] *= scale;
    bias[row] = beta[row] - movingMean[row] * scale;
  }
  return { matrix, bias };
}
