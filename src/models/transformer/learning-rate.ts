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

/** What Tensor2Tensor's legacy schedule takes off where the optimiser is Adam. */
const ADAM_CORRECTION = 0.002;

/** Numbers of Tensor2Tensor's legacy schedule. */
export interface LegacySchedule {
  /** H: features of an activation. */
  readonly hidden: number;
  /** Its `learning_rate`: 0.1 in `transformer_base_v1`, 0.2 in `transformer_base_v2`. */
  readonly rate: number;
  /** Steps over which the rate rises: 4000 in `v1`, 8000 in `v2`. */
  readonly warmup: number;
  /** Rates of Adam are 500 times smaller than those of others. */
  readonly optimizer: 'adam' | 'adafactor';
}

/**
 * Learning rate of Tensor2Tensor's first sets (`legacy` with the scheme `noam`; Vaswani et al. 2017, eq. 3, times a constant):
 * `5000 · rate · min((step + 1) · warmup^−1.5, (step + 1)^−0.5) / √hidden`, with Adam 0.002 of it.
 * @param step steps done before
 * @throws {UsageError} for a step below 0, and for hidden, rate or a warm-up that are not above 0.
 */
export function legacyLearningRate(step: number, schedule: LegacySchedule): number {
  requireOptions('legacyLearningRate', schedule, ['hidden', 'rate', 'warmup', 'optimizer']);
  const { hidden, rate, warmup, optimizer } = schedule;
  checkStep(step);
  for (const [name, value] of Object.entries({ hidden, rate, warmup })) checkPositive(name, value);
  const correction = optimizer === 'adam' ? ADAM_CORRECTION : 1;
  const next = step + 1;
  return (5000 * correction * rate * Math.min(next * warmup ** -1.5, next ** -0.5)) / Math.sqrt(hidden);
}

/**
 * Learning rate of the original's dense sets with Adafactor, `constant / √max(step, warmup)` (Tensor2Tensor's
 * `rsqrt_decay`, there without a constant).
 * @param step steps done before
 * @throws {UsageError} for a step below 0, and a warmup or a constant that are not above 0.
 */
export function adafactorLearningRate(step: number, warmup = 10_000, constant = 1): number {
  checkStep(step);
  for (const [name, value] of Object.entries({ warmup, constant })) checkPositive(name, value);
  return constant / Math.sqrt(Math.max(step, warmup));
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
