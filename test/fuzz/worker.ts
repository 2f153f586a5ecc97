/** A thread that fuzzes one family, for `main.ts`, which watches it: it may hang, or run out of memory. */
import { parentPort, workerData } from 'node:worker_threads';
import { FAMILIES } from './families/index.ts';
import { FuzzFailure, fuzz } from './fuzz.ts';

/** What the thread is to do, and where it tells how far it is. */
export interface Work {
  readonly family: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** When to stop, in milliseconds since 1970. */
  readonly until: number;
  /** The input at hand, of 32 bits. */
  readonly place: Int32Array;
}

export type Report =
  | {
      readonly kind: 'done';
      readonly inputs: number;
      readonly values: number;
      readonly slowestSeconds: number;
    }
  | { readonly kind: 'failed'; readonly reason: string; readonly index: number };

/** Inputs between two looks at the clock. */
const STRIDE = 500;

const { family: name, seed, from, to, until, place } = workerData as Work;
const family = FAMILIES.find((each) => each.name === name)!;
const sum = { inputs: 0, values: 0, slowestSeconds: 0 };
try {
  for (let at = from; at < to && Date.now() < until; at += STRIDE) {
    const range = { seed, from: at, to: Math.min(to, at + STRIDE) };
    const outcome = await fuzz(family, { ...range, onInput: (index) => Atomics.store(place, 0, index) });
    sum.inputs += outcome.inputs;
    sum.values += outcome.values;
    sum.slowestSeconds = Math.max(sum.slowestSeconds, outcome.slowestSeconds);
  }
  parentPort!.postMessage({ kind: 'done', ...sum } satisfies Report);
} catch (error) {
  if (!(error instanceof FuzzFailure)) throw error;
  parentPort!.postMessage({ kind: 'failed', reason: error.message, index: error.index } satisfies Report);
}
