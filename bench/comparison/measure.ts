import { Bench } from 'tinybench';
import type { Gpu } from '../../src/graph/open-gpu.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { passMilliseconds } from '../../src/graph/tuning/time-pass.ts';

/** Milliseconds one run of a plan takes. */
export interface Timing {
  /** Median over the rounds. */
  readonly ms: number;
  /** Half the range that the middle half of the rounds spans, as a share of the median. */
  readonly spread: number;
}

/** When to stop taking rounds. */
export interface RoundOptions {
  /** Milliseconds for everything timed together. */
  readonly budgetMs: number;
  /** Taken however long they last. */
  readonly minRounds: number;
  /** Stops between samples; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Times plans of one device against each other, as `timeInRounds` does. */
export function measure(gpu: Gpu, plans: readonly Plan[], options: RoundOptions): Promise<Timing[]> {
  return measureEach(
    plans.map((plan) => ({ gpu, plan })),
    options,
  );
}

/** Times plans of any devices against each other, each often enough at a time to be worth its submission. */
export async function measureEach(
  plans: readonly { readonly gpu: Gpu; readonly plan: Plan }[],
  options: RoundOptions,
): Promise<Timing[]> {
  const works: (() => Promise<number>)[] = [];
  for (const { gpu, plan } of plans) {
    options.signal?.throwIfAborted();
    // The first run lets the driver compile; the second tells how many make a sample worth its overhead, if that is unclear.
    const first = await timeRuns(gpu, plan, 1);
    const once = first > LONG_MS ? first : await timeRuns(gpu, plan, 1);
    const repeats = Math.max(1, Math.min(MAX_REPEATS, Math.ceil(SAMPLE_MS / once)));
    works.push(() => timeRuns(gpu, plan, repeats));
  }
  return timeInRounds(works, options);
}

/**
 * Times pieces of work against each other with tinybench, in rounds: every round takes a sample of each, so that what else
 * the machine does falls on all alike.
 * @param works each tells how many milliseconds one run of it took
 */
export async function timeInRounds(
  works: readonly (() => Promise<number>)[],
  { budgetMs, minRounds, signal }: RoundOptions,
): Promise<Timing[]> {
  const rounds = works.map((): number[] => []);
  const started = performance.now();
  while (rounds[0].length < minRounds || performance.now() - started < budgetMs) {
    const bench = new Bench({ iterations: 1, time: 0, warmup: false, throws: true });
    works.forEach((work, index) => {
      bench.add(`${index}`, async () => ({ overriddenDuration: await work() }));
    });
    signal?.throwIfAborted();
    for (const [index, { result }] of (await bench.run()).entries()) {
      if (result.state !== 'completed') throw new Error(`a round of the benchmark ${result.state}`);
      rounds[index].push(result.latency.p50);
    }
  }
  return rounds.map(summarise);
}

function summarise(samples: readonly number[]): Timing {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return below + (above - below) * (place % 1);
  };
  return { ms: at(0.5), spread: (at(0.75) - at(0.25)) / 2 / at(0.5) };
}

/** A sample shorter than this drowns in the cost of submitting it. */
const SAMPLE_MS = 50;
/** No driver compiles for so long. */
const LONG_MS = 2000;
const MAX_REPEATS = 64;

/** Milliseconds per run. */
async function timeRuns(gpu: Gpu, plan: Plan, times: number): Promise<number> {
  return (await passMilliseconds(gpu, (pass) => plan.encode(pass, times))) / times;
}
