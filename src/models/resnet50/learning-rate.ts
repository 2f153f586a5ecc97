import { checkNumber, requireOptions } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';

/** Pictures of ImageNet's training set. */
const IMAGENET_PICTURES = 1_281_167;

/** Share of the rate after so many decays. */
const DECAYS = [1, 0.1, 0.01, 0.001, 0.0001];

/** How the ResNet of the paper was trained. */
export interface ResNetSchedule {
  /** Pictures of a step. */
  readonly batch: number;
  /** Rate of a batch of 256 pictures; 0.1. */
  readonly base?: number;
  /** Pictures of an epoch; those of ImageNet unless given. */
  readonly pictures?: number;
  /** Epochs over which the rate rises; 5. The extended runs of the paper are taken to have kept these 5. */
  readonly warmupEpochs?: number;
  /** Epochs from which on the rate is a tenth of what it was; 30, 60 and 80. */
  readonly decayEpochs?: readonly number[];
}

/**
 * Learning rate of ResNet-50 at a step: `base · batch / 256`, rising linearly over the first 5 epochs (Goyal
 * et al. 2017), a tenth of it from epoch 30 on, a hundredth from 60, a thousandth from 80, unless told other epochs. Epochs go
 * on within; their number is rounded to float32, which decides the step at which a rate begins.
 * @param step steps done before
 * @throws {UsageError} for a step below 0, a batch, a base or pictures that are not above 0, a warm-up below 0, and decays that
 *   do not rise.
 */
export function resNetLearningRate(step: number, schedule: ResNetSchedule): number {
  requireOptions('resNetLearningRate', schedule, ['batch']);
  const { batch, base = 0.1, pictures = IMAGENET_PICTURES } = schedule;
  const { warmupEpochs = 5, decayEpochs = [30, 60, 80] } = schedule;
  checkNumber('step', step, (value) => value >= 0, 'a number from 0 up');
  for (const [name, value] of Object.entries({ batch, base, pictures })) {
    checkNumber(name, value, (one) => one > 0, 'a number above 0');
  }
  checkNumber('warmupEpochs', warmupEpochs, (value) => value >= 0, 'a number from 0 up');
  const rises = decayEpochs.every((begin, i) => begin > (decayEpochs[i - 1] ?? 0));
  if (!rises || decayEpochs.length >= DECAYS.length) {
    throw new UsageError(
      `decayEpochs are ${decayEpochs.join(', ')}, expected at most ${DECAYS.length - 1} that rise`,
    );
  }
  const full = (base * batch) / 256;
  const epoch = Math.fround(Math.fround(step) / Math.fround(pictures / batch));
  if (epoch < warmupEpochs) return (full * epoch) / warmupEpochs;
  return full * DECAYS[decayEpochs.filter((begin) => epoch >= begin).length];
}
