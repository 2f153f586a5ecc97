import { checkNumber, requireOptions } from '../base/check-arguments.ts';
import { UsageError } from '../base/errors.ts';

/** How the weight of a sparsifying penalty rises from 0. */
export interface PenaltyRamp {
  /** The weight at the end; the paper's is 1 over the number of training examples. */
  readonly weight: number;
  /** Last step with weight 0. */
  readonly begin: number;
  /** First step with the whole weight, after `begin`. */
  readonly end: number;
}

/**
 * Linear rise, `weight · clip((step − begin) / (end − begin), 0, 1)` (Gale, Elsen & Hooker 2019, the original's `linear`).
 * @throws {UsageError} where the ramp does not end after it begins, its weight is negative, or the step is no number.
 */
export function linearPenaltyWeight(step: number, ramp: PenaltyRamp): number {
  checkRamp(ramp);
  checkStep(step);
  const { weight, begin, end } = ramp;
  return weight * Math.min(1, Math.max(0, (step - begin) / (end - begin)));
}

/**
 * What the cubic rise aims at, `weight · min(1 − (1 − max(step − begin, 0) / (end − begin))³, 1)`; see `CubicPenaltyWeight`.
 * @throws {UsageError} as `linearPenaltyWeight`.
 */
export function cubicPenaltyTarget(step: number, ramp: PenaltyRamp): number {
  checkRamp(ramp);
  checkStep(step);
  const { weight, begin, end } = ramp;
  return weight * Math.min(1, 1 - (1 - Math.max(step - begin, 0) / (end - begin)) ** 3);
}

/**
 * Cubic rise, smoothed: an exponential moving average of `cubicPenaltyTarget` from 0 (the original's `cubic`), which lags
 * behind the curve. It moves once for each step, however often a step is asked for; `average` is what a checkpoint has to keep.
 */
export class CubicPenaltyWeight {
  /** When the target rises, and to what. */
  readonly ramp: PenaltyRamp;
  /** Share of the average that a step keeps. */
  readonly decay: number;
  #average: number;
  #step: number;

  /**
   * Begins at the beginning of the ramp, or goes on.
   * @throws {UsageError} where the ramp does not end after it begins, or `decay` is not in [0, 1).
   */
  constructor(
    ramp: PenaltyRamp,
    options: {
      /** Share of the average that a step keeps, in [0, 1). Default 0.9. */
      readonly decay?: number;
      /** Where a checkpoint left off: the average and the last step it took in. */
      readonly resumed?: { readonly average: number; readonly step: number };
    } = {},
  ) {
    const { decay = 0.9, resumed = { average: 0, step: Number.NEGATIVE_INFINITY } } = options;
    checkRamp(ramp);
    if (!(decay >= 0 && decay < 1)) throw new UsageError(`decay is ${decay}, expected a number in [0, 1)`);
    this.ramp = ramp;
    this.decay = decay;
    this.#average = resumed.average;
    this.#step = resumed.step;
  }

  /** The moving average of what was seen. */
  get average(): number {
    return this.#average;
  }

  /**
   * The weight of a step, with the target of that step averaged in.
   * @throws {UsageError} for a step before the last one.
   */
  at(step: number): number {
    if (!(step >= this.#step)) {
      throw new UsageError(`penalty weight of step ${step} was asked for after that of step ${this.#step}`);
    }
    if (step > this.#step) {
      this.#average = this.decay * this.#average + (1 - this.decay) * cubicPenaltyTarget(step, this.ramp);
      this.#step = step;
    }
    return this.#average;
  }
}

function checkRamp(ramp: PenaltyRamp): void {
  requireOptions('a penalty ramp', ramp, ['weight', 'begin', 'end']);
  const { weight, begin, end } = ramp;
  if (!(end > begin)) throw new UsageError(`a ramp from step ${begin} to ${end} must end after it begins`);
  if (!(weight >= 0)) throw new UsageError(`penalty weight is ${weight}, expected a number from 0 up`);
}

function checkStep(step: number): void {
  checkNumber('step', step, (value) => !Number.isNaN(value), 'a number');
}
