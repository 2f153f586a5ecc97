import { parseArgs } from 'node:util';
import { TsosError } from '../../src/base/errors.ts';
import { openGpu } from '../../src/graph/open-gpu.ts';
import type { ComparisonRun } from '../comparison/compare-formats.ts';
import { measurePeak } from '../comparison/peak.ts';
import { ROUNDS, type Scale } from '../comparison/scale.ts';

/** What a benchmark has to work with. */
export interface BenchRun extends ComparisonRun {
  readonly scale: Scale;
  /** Prints a line for people; nothing with `--json`. */
  say(line: string): void;
}

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
