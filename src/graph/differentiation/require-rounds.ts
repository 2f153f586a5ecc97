import { DeviceTooSmallError } from '../../base/errors.ts';
import type { Gpu } from '../device/gpu.ts';

/** Rounds that the loops of an invocation may take in all on any adapter; llvmpipe leaves them all after so many. */
export const MOST_ROUNDS = 65_535;

/**
 * Refuses a kernel whose loops would be left before their end: its results would be wrong and nobody would know.
 * @param operation as messages call it
 * @param rounds that an invocation takes at most, see `loopRounds`
 * @throws {DeviceTooSmallError} where the device does not run loops that long to their end.
 */
export function requireRounds(gpu: Gpu, operation: string, rounds: number): void {
  if (gpu.features.longLoops || rounds <= MOST_ROUNDS) return;
  throw DeviceTooSmallError.of(
    `${operation} takes ${rounds} rounds of loops in an invocation, but ${gpu.describe()} ends them after ${MOST_ROUNDS} ` +
      'without an error',
  );
}
