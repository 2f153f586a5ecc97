import process from 'node:process';
import { DataError, UsageError } from '../../src/base/errors.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { damaged } from './damage.ts';
import type { Family, Files } from './family.ts';

/** Seconds of the processor that an input may take, however large it is, and bytes that may be read in one more. */
const SECONDS = 2;
const BYTES_A_SECOND = 100_000;

/** Bytes by which an input may raise the most memory that the process ever had: so many, and for each of its own. */
const MEMORY = 96 * 2 ** 20;
const MEMORY_A_BYTE = 256;

/** Of which inputs the checksums are repaired. */
const REPAIRED = 0.6;

/** What came of the inputs so far. */
export interface Outcome {
  /** Inputs tried. */
  inputs: number;
  /** Those that were read as values. */
  values: number;
  /** The longest that one took, of the processor. */
  slowestSeconds: number;
}

/** An input that was not read as it must be. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';
  readonly files: Files;
  readonly index: number;

  constructor(reason: string, index: number, files: Files, options?: ErrorOptions) {
    super(reason, options);
    this.index = index;
    this.files = files;
  }
}

export interface FuzzOptions {
  readonly seed: number;
  /** Which inputs: each depends on the seed and its place alone. */
  readonly from?: number;
  readonly to: number;
  /** Called before each input. */
  readonly onInput?: (index: number, outcome: Outcome) => void;
}

/**
 * Has damaged files read. Each must end as values or as a typed error, within bounds on time and memory.
 * @throws {FuzzFailure} for the first that does not.
 */
export async function fuzz(family: Family, { seed, from = 0, to, onInput }: FuzzOptions): Promise<Outcome> {
  const seeds = await family.seeds();
  const outcome: Outcome = { inputs: 0, values: 0, slowestSeconds: 0 };
  for (let index = from; index < to; index++) {
    onInput?.(index, outcome);
    const random = randomOf(seed, index);
    const { files, sound } = await inputOf(family, seeds, random);
    const size = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    const before = { memory: peakMemory(), cpu: process.cpuUsage() };
    let flaw: { reason: string; cause?: unknown } | undefined;
    try {
      await family.read(files, random, sound);
      outcome.values++;
    } catch (error) {
      if (!(error instanceof DataError || error instanceof UsageError)) {
        flaw = { reason: `${(error as Error)?.stack ?? error}`, cause: error };
      }
    }
    const { user, system } = process.cpuUsage(before.cpu);
    const seconds = (user + system) / 1e6;
    const growth = peakMemory() - before.memory;
    if (seconds > SECONDS + size / BYTES_A_SECOND) {
      flaw ??= { reason: `took ${seconds.toFixed(1)} s for ${size} bytes` };
    }
    if (growth > MEMORY + MEMORY_A_BYTE * size)
      flaw ??= { reason: `took ${growth} bytes of memory for ${size}` };
    if (flaw)
      throw new FuzzFailure(`${family.name}, input ${index}: ${flaw.reason}`, index, files, {
        cause: flaw.cause,
      });
    outcome.inputs++;
    outcome.slowestSeconds = Math.max(outcome.slowestSeconds, seconds);
  }
  return outcome;
}

/** The input of a place, for a run that did not come back from it. */
export async function filesOf(family: Family, seed: number, index: number): Promise<Files> {
  return (await inputOf(family, await family.seeds(), randomOf(seed, index))).files;
}

async function inputOf(
  family: Family,
  seeds: readonly Files[],
  random: Random,
): Promise<{ files: Files; sound: Files | undefined }> {
  const sound = seeds[Math.floor(random() * seeds.length)];
  if (family.repaired && random() < REPAIRED) {
    const repaired = await family.repaired(random, sound);
    // Damage behind the repair as well, now and then.
    return { files: random() < 0.1 ? damaged(random, repaired) : repaired, sound: undefined };
  }
  return { files: damaged(random, sound), sound };
}

function randomOf(seed: number, index: number): Random {
  return randomFrom((Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0);
}

/** The most memory that the process ever had, in bytes; 0 where the runtime does not tell. */
function peakMemory(): number {
  // In kilobytes.
  return 1024 * (process.resourceUsage?.().maxRSS ?? 0);
}
