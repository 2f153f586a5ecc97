import { constants } from 'node:os';
import { TsosError } from '../../base/errors.ts';
import { note } from './print.ts';

/** The work was stopped by a signal; exit code 128 + its number, 130 for Ctrl-C. */
export class InterruptedError extends TsosError {
  override readonly name = 'InterruptedError';
  override readonly exitCode: number;

  constructor(message: string, signal: NodeJS.Signals) {
    super(message);
    this.exitCode = exitCodeOf(signal);
  }
}

/** Lets the user know how to go on, should the work be interrupted from now on. */
export type Advise = (advice: string) => void;

/**
 * Does work that Ctrl-C stops at its next step: the signal it is given aborts with an `InterruptedError`. A second Ctrl-C
 * ends the process at once.
 */
export async function interruptible<T>(
  work: (signal: AbortSignal, advise: Advise) => Promise<T>,
): Promise<T> {
  let advice = 'nothing of it is kept';
  let interrupted: NodeJS.Signals | undefined;
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      // The device may be in the middle of a long kernel, which an orderly exit would wait for: clean up, and die of it.
      for (const each of SIGNALS) process.off(each, stop);
      process.emit('exit', exitCodeOf(signal));
      process.kill(process.pid, signal);
    }
    note('stopping after this step; interrupt again to quit at once');
    interrupted = signal;
    controller.abort(new InterruptedError(`interrupted: ${advice}`, signal));
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await work(controller.signal, (text) => {
      advice = text;
    });
  } catch (error) {
    // The last step may have changed the advice.
    if (interrupted === undefined || error !== controller.signal.reason) throw error;
    throw new InterruptedError(`interrupted: ${advice}`, interrupted);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
