/** What a model holds of its matrices and kernels. */
export interface WeightCounts {
  /** Weights that are kept, */
  readonly nonzero: number;
  /** of all that there are. */
  readonly total: number;
  /** Layers that run on compressed weights, */
  readonly sparseLayers: number;
  /** and those that run on all of them, since they are too dense for the device to gain by it. */
  readonly denseLayers: number;
}

/** How many layers run on compressed weights, and how many do not. */
export function countFormats(
  weights: readonly { readonly kind: 'sparse' | 'dense' }[],
): Pick<WeightCounts, 'sparseLayers' | 'denseLayers'> {
  const sparseLayers = weights.filter(({ kind }) => kind === 'sparse').length;
  return { sparseLayers, denseLayers: weights.length - sparseLayers };
}
