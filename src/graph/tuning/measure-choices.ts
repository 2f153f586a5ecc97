import { DeviceError } from '../../errors.ts';
import type { Gpu } from '../gpu.ts';
import type { Choice, GraphNode } from '../node.ts';
import { pipelineFor } from '../pipeline.ts';
import type { PlanMemory } from '../plan-memory.ts';
import { Scope } from '../scope.ts';
import { encodeSteps } from '../step.ts';
import { passMilliseconds } from './time-pass.ts';
import { dispatchName } from './tuning.ts';

/**
 * Times the kernels of those dispatches of a plan about which nothing is known, as far as the device's budget goes, on the
 * plan's own memory: weights are the real ones, activations whatever lies there.
 */
export async function measureChoices(
  gpu: Gpu,
  nodes: readonly GraphNode[],
  memory: PlanMemory,
): Promise<void> {
  const { tuning } = gpu;
  const open = new Map<string, { choice: Choice; index: number }>();
  nodes.forEach(({ choice }, index) => {
    if (choice && tuning.wantsTimes(choice)) open.set(dispatchName(choice), { choice, index });
  });
  if (open.size === 0) return;
  await tuning.measure(async (isTimeUp) => {
    for (const { choice, index } of open.values()) {
      // Another plan may have measured it while this one waited for its turn.
      if (!tuning.wantsTimes(choice)) continue;
      const milliseconds = await timeCandidates(gpu, choice, index, memory, isTimeUp);
      if (milliseconds === undefined) return;
      tuning.keepTimes(choice, milliseconds);
    }
  });
  // What cannot be kept is measured again next time.
  await tuning.save().catch(() => {});
}

/** @returns the least milliseconds of each kernel, or nothing where the time was up before all had their turns. */
async function timeCandidates(
  gpu: Gpu,
  { candidates }: Choice,
  index: number,
  memory: PlanMemory,
  isTimeUp: () => boolean,
): Promise<Record<string, number> | undefined> {
  using trial = new Scope(gpu);
  const bind = memory.binderForTrial(index, trial);
  const racers: Racer[] = [];
  for (const { kernel, grid } of candidates) {
    if (isTimeUp()) return undefined;
    const pipeline = await pipelineFor(gpu, kernel).catch(ignoreUncompilable);
    if (pipeline === undefined) continue;
    const step = { pipeline, bindGroup: bind(pipeline), grid };
    const run = async (times: number) => {
      const milliseconds = await passMilliseconds(gpu, (pass) => encodeSteps(pass, [step], times));
      return Math.max(LEAST_MS, milliseconds / times);
    };
    // Drivers compile at the first run.
    await run(1);
    if (isTimeUp()) return undefined;
    const { repeats, milliseconds } = await longSample(run);
    racers.push({ name: kernel.name, run: () => run(repeats), least: milliseconds });
  }
  const leader = () => Math.min(...racers.map(({ least }) => least));
  const rounds = leader() > LONG_MS ? 1 : ROUNDS;
  for (let round = 0; round < rounds; round++) {
    for (const racer of racers) {
      if (racer.least > HOPELESS * leader()) continue;
      if (isTimeUp()) return undefined;
      racer.least = Math.min(racer.least, await racer.run());
    }
  }
  return Object.fromEntries(racers.map(({ name, least }) => [name, least]));
}

/**
 * The first sample that is long enough to be trusted, and of how many runs it is. Shorter ones must not count: the clock of a
 * GPU may advance in steps longer than a kernel takes, and tell 0.
 */
async function longSample(
  run: (times: number) => Promise<number>,
): Promise<{ repeats: number; milliseconds: number }> {
  let repeats = 1;
  let milliseconds = await run(repeats);
  while (repeats < MAX_REPEATS && milliseconds * repeats < SAMPLE_MS / 2) {
    repeats = Math.min(MAX_REPEATS, MAX_GROWTH * repeats, Math.ceil(SAMPLE_MS / milliseconds));
    milliseconds = await run(repeats);
  }
  return { repeats, milliseconds };
}

/** A kernel in the race, and the least milliseconds it took so far. */
interface Racer {
  readonly name: string;
  readonly run: () => Promise<number>;
  least: number;
}

/** Rounds in which each kernel has a sample, so that what else the device does falls on all alike. */
const ROUNDS = 4;
/** Of dispatches that take longer one round is enough: they drown little disturbances themselves. */
const LONG_MS = 30;
/** A kernel that takes so many times as long as the fastest gets no further samples. */
const HOPELESS = 1.5;
/** A sample shorter than this drowns in the cost of submitting it. */
const SAMPLE_MS = 3;
const MAX_REPEATS = 1024;
/** A sample may have so many times the runs of the one before it, whose time may have been told as much too short. */
const MAX_GROWTH = 16;
/** No kernel takes less; a coarse clock may say so. */
const LEAST_MS = 1e-6;

/** A driver that cannot compile a variant is no reason to fail: others will do. */
function ignoreUncompilable(error: unknown): undefined {
  if (!(error instanceof DeviceError)) throw error;
}
