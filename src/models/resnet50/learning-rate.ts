import { checkNumber, requireOptions } from '../../base/check-arguments.ts';

/** Pictures of ImageNet's training set. */
const IMAGENET_PICTURES = 1_281_167;

/** How the ResNet of the paper was trained. */
export interface ResNetSchedule {
  /** Pictures of a step. */
  readonly batch: number;
  /** Rate of a batch of 256 pictures; 0.1. */
  readonly base?: number;
  /** Pictures of an epoch; those of ImageNet unless given. */
  readonly pictures?: number;
}

/**
 * Learning rate of ResNet-50 at a step: `base · batch / 256`, rising linearly over the first 5 epochs (Goyal
 * et al. 2017), a tenth of it from epoch 30 on, a hundredth from 60, a thousandth from 80. Epochs go on
 * within; their number is rounded to float32, which decides the step at which a rate begins.
 * @param step steps done before
 * @throws {UsageError} for a step below 0, and a batch, a base or pictures that are not above 0.
 */
export function resNetLearningRate(step: number, schedule: ResNetSchedule): number {
  requireOptions('resNetLearningRate', schedule, ['batch']);
  const { batch, base = 0.1, pictures = IMAGENET_PICTURES } = schedule;
  checkNumber('step', step, (value) => value >= 0, 'a number from 0 up');
  for (const [name, value] of Object.entries({ batch, base, pictures })) {
    checkNumber(name, value, (one) => one > 0, 'a number above 0');
  }
  const full = (base * batch) / 256;
  const epoch = Math.fround(Math.fround(step) / Math.fround(pictures / batch));
  if (epoch < 5) return (full * epoch) / 5;
  if (epoch < 30) return full;
  if (epoch < 60) return full * 0.1;
  return epoch < 80 ? full * 0.01 : full * 0.001;
}
