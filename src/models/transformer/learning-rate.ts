/** Features and steps that a schedule of the Transformer depends on. */
export interface TransformerSchedule {
  /** H: features of an activation. */
  readonly hidden: number;
  /** Steps over which the rate rises; 8000. */
  readonly warmup?: number;
  /** 2 in the paper's sets. */
  readonly constant?: number;
}

/**
 * Learning rate of the sparse Transformers, `constant · min(1, step / warmup) / √(max(step, warmup) ·
 * hidden)` (Tensor2Tensor's `constant*linear_warmup*rsqrt_decay*rsqrt_hidden_size`): 0 at the first step.
 * @param step steps done before
 */
export function transformerLearningRate(
  step: number,
  { hidden, warmup = 8000, constant = 2 }: TransformerSchedule,
): number {
  return (constant * Math.min(1, step / warmup)) / Math.sqrt(Math.max(step, warmup) * hidden);
}

/**
 * Learning rate of the original's dense sets with Adafactor, `1 / √max(step, warmup)` (Tensor2Tensor's
 * `rsqrt_decay`).
 * @param step steps done before
 */
export function adafactorLearningRate(step: number, warmup = 10_000): number {
  return 1 / Math.sqrt(Math.max(step, warmup));
}
