import { checkNumber, requireOptions } from '../../base/check-arguments.ts';

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
 * @throws {UsageError} for a step below 0, and for hidden, warmup or a constant that are not above 0.
 */
export function transformerLearningRate(step: number, schedule: TransformerSchedule): number {
  requireOptions('transformerLearningRate', schedule, ['hidden']);
  const { hidden, warmup = 8000, constant = 2 } = schedule;
  checkStep(step);
  for (const [name, value] of Object.entries({ hidden, warmup, constant })) checkPositive(name, value);
  return (constant * Math.min(1, step / warmup)) / Math.sqrt(Math.max(step, warmup) * hidden);
}

/**
 * Learning rate of the original's dense sets with Adafactor, `1 / √max(step, warmup)` (Tensor2Tensor's
 * `rsqrt_decay`).
 * @param step steps done before
 * @throws {UsageError} for a step below 0, and a warmup that is not above 0.
 */
export function adafactorLearningRate(step: number, warmup = 10_000): number {
  checkStep(step);
  checkPositive('warmup', warmup);
  return 1 / Math.sqrt(Math.max(step, warmup));
}

/** A rate that rises over a warm-up, and falls to 0 from then to the end of the training, both linearly. */
export interface LinearSchedule {
  /** At the end of the warm-up. */
  readonly rate: number;
  /** Steps over which it rises; below `steps`. */
  readonly warmup: number;
  /** Of the whole training. */
  readonly steps: number;
}

/**
 * Learning rate of short trainings: `rate · (step + 1) / warmup`, then `rate · (steps − step) / (steps − warmup)`.
 * @param step steps done before
 * @throws {UsageError} for a step below 0, a rate or steps that are not above 0, and a warm-up that is not within the steps.
 */
export function linearLearningRate(step: number, schedule: LinearSchedule): number {
  requireOptions('linearLearningRate', schedule, ['rate', 'warmup', 'steps']);
  const { rate, warmup, steps } = schedule;
  checkStep(step);
  for (const [name, value] of Object.entries({ rate, steps })) checkPositive(name, value);
  checkNumber('warmup', warmup, (value) => value >= 0 && value < steps, `a number from 0 to below ${steps}`);
  if (step < warmup) return (rate * (step + 1)) / warmup;
  return rate * Math.max(0, (steps - step) / (steps - warmup));
}

function checkStep(step: number): void {
  checkNumber('step', step, (value) => value >= 0, 'a number from 0 up');
}

function checkPositive(name: string, value: number): void {
  checkNumber(name, value, (one) => one > 0, 'a number above 0');
}
