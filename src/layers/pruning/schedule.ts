import { checkNumber, requireOptions } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { checkSparsity } from './kept-count.ts';

/** How sparsity grows with the training step. */
export interface GradualSchedule {
  /** Step up to which the sparsity is the initial one. */
  readonly begin: number;
  /** Step from which it is the target. */
  readonly end: number;
  /** In [0, 1). */
  readonly target: number;
  /** In [0, 1). Default 0. */
  readonly initial?: number | undefined;
  /** Above 0. 3, the default, is the cubic curve of Zhu & Gupta; 1 is linear. */
  readonly exponent?: number | undefined;
}

/**
 * Sparsity at a step (Zhu & Gupta 2017, arXiv:1710.01878, equation 1), in float32 as TensorFlow computes it:
 * `s = s_f + (s_i − s_f) · (1 − p)^e` with `p = (step − begin) / (end − begin)`, clipped to [0, 1].
 * @throws {UsageError} for a schedule that ends before it begins, sparsities outside [0, 1), an exponent that is not above
 *   0, and a step that is no number.
 */
export function gradualSparsity(schedule: GradualSchedule, step: number): number {
  checkSchedule(schedule);
  const { begin, end, target, initial = 0, exponent = 3 } = schedule;
  checkNumber('step', step, (value) => !Number.isNaN(value), 'a number');
  const progress = Math.min(1, Math.max(0, Math.fround(Math.fround(step - begin) / (end - begin))));
  const rest = Math.fround(Math.fround(1 - progress) ** exponent);
  return Math.fround(Math.fround(Math.fround(initial - target) * rest) + Math.fround(target));
}

/** @throws {UsageError} where {@link gradualSparsity} would. */
export function checkSchedule(schedule: GradualSchedule): void {
  requireOptions('a sparsity schedule', schedule, ['begin', 'end', 'target']);
  const { begin, end, target, initial = 0, exponent = 3 } = schedule;
  if (!(begin >= 0 && begin < end && Number.isFinite(end))) {
    throw new UsageError(
      `sparsity schedule from step ${begin} to ${end}: must begin at 0 or later and end after that`,
    );
  }
  checkSparsity(target, 'target sparsity');
  checkSparsity(initial, 'initial sparsity');
  checkNumber('exponent', exponent, (value) => value > 0 && Number.isFinite(value), 'a number above 0');
}

/** At which steps masks are made anew. */
export interface MaskUpdates {
  readonly begin: number;
  /** Last step; negative: no last one. */
  readonly end: number;
  /** Steps from one update to the next, at least. */
  readonly frequency: number;
}

/**
 * Whether masks are made anew at a step: from `begin` to `end`, both included, once `frequency` steps have
 * passed since the last time. The first update is thus at `max(begin, frequency)`, and where `end − begin` is
 * no multiple of the frequency the last is before `end`.
 * @param step counted from 0, before the optimiser increments it.
 * @param lastUpdate step of the last update, 0 where there was none.
 */
export function isMaskUpdateDue(updates: MaskUpdates, step: number, lastUpdate: number): boolean {
  requireOptions('mask updates', updates, ['begin', 'end', 'frequency']);
  const { begin, end, frequency } = updates;
  return step >= begin && (end < 0 || step <= end) && lastUpdate + frequency <= step;
}

/** @throws {UsageError} for updates that never come or have no frequency. */
export function checkUpdates(updates: MaskUpdates): void {
  requireOptions('mask updates', updates, ['begin', 'end', 'frequency']);
  const { begin, end, frequency } = updates;
  if (!(begin >= 0 && (end < 0 || begin < end))) {
    throw new UsageError(
      `mask updates from step ${begin} to ${end}: must begin at 0 or later and end after that`,
    );
  }
  if (!(frequency >= 1)) throw new UsageError(`mask updates every ${frequency} steps: must be at least 1`);
}
