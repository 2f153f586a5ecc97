/**
 * Where a checkpoint keeps one weight matrix. Each list names row-major variables whose concatenation along the first
 * axis is the matrix: one for a layer, several for an embedding that was split into shards.
 */
export interface Site {
  /** The weights. */
  readonly weights: readonly string[];
  /**
   * What the technique keeps beside the weights, of the same total shape: masks of pruning, `log_sigma2` of
   * variational dropout, `log_alpha` of L0 regularisation; none for dense. It may be split otherwise than the weights
   * are.
   */
  readonly companions: readonly string[];
}
