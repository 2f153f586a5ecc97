import { parseArgs } from 'node:util';
import { TsosError } from '../../src/base/errors.ts';
import { type Gpu, openGpu } from '../../src/graph/open-gpu.ts';
import type { RoundOptions } from './measure.ts';
import { measurePeak, type Peak } from './peak.ts';

/** How much a benchmark does: all of it, less than 50 s of it on two cores, or just enough to see that it works. */
export type Scale = 'full' | 'quick' | 'smoke';

/** What a benchmark has to work with. */
export interface BenchRun {
  readonly gpu: Gpu;
  readonly scale: Scale;
  /** For each comparison. */
  readonly rounds: RoundOptions;
  /** What the device can do at best, measured just before. */
  readonly peak: Peak;
  /** Prints a line for people; nothing with `--json`. */
  say(line: string): void;
}

const ROUNDS: Readonly<Record<Scale, RoundOptions>> = {
  full: { budgetMs: 2000, minRounds: 3 },
  quick: { budgetMs: 400, minRounds: 2 },
  smoke: { budgetMs: 0, minRounds: 1 },
};

/**
 * Runs a benchmark as a script, `[--quick] [--json]`: opens the device, says what it is, and prints what the benchmark
 * returns as JSON where that is asked for (`schemas/bench.schema.json`). `--smoke`, for the tests, takes tiny shapes.
 */
export async function runBench(
  benchmark: string,
  body: (run: BenchRun) => Promise<{ readonly results: readonly object[] }>,
): Promise<void> {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values: options } = parseArgs({ options: { quick: flag, json: flag, smoke: flag } });
    const scale = options.smoke ? 'smoke' : options.quick ? 'quick' : 'full';
    const say = (line: string) => {
      if (!options.json) console.log(line);
    };
    await using gpu = await openGpu({ timestamps: true });
    const peak = await measurePeak(gpu, ROUNDS[scale]);
    say(`${gpu.describe()}\npeak ${peak.gflops.toFixed(1)} GFLOP/s (${peak.variant})\n`);
    const report = await body({ gpu, scale, rounds: ROUNDS[scale], peak, say });
    if (options.json) {
      const { runtime } = gpu.adapter;
      const header = { benchmark, adapter: gpu.describe(), runtime, peakGflops: peak.gflops };
      console.log(JSON.stringify({ ...header, ...report }, undefined, 2));
    }
  } catch (error) {
    if (!isForUser(error)) throw error;
    console.error(error.message);
    process.exitCode = error instanceof TsosError ? error.exitCode : 2;
  }
}

/** Errors whose message says all: no stack. */
function isForUser(error: unknown): error is Error {
  const { code } = error as { code?: string };
  return error instanceof TsosError || (code?.startsWith('ERR_PARSE_ARGS') ?? false);
}
