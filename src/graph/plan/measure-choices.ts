import { DeviceError } from '../../base/errors.ts';
import type { Gpu } from '../device/gpu.ts';
import type { Candidate, Choice } from '../device/kernel-choice.ts';
import { type Pipeline, pipelineFor } from '../device/pipeline.ts';
import { Scope } from '../device/scope.ts';
import { dispatchName } from '../tuning/kernel-times.ts';
import { passMilliseconds } from '../tuning/time-pass.ts';
import type { GraphNode } from './node.ts';
import type { PlanMemory } from './plan-memory.ts';
import { encodeSteps } from './step.ts';

/**
 * Times the kernels of those dispatches of a plan of which not all is known, as far as the device's budget goes, on the plan's
 * own memory: weights are the real ones, activations whatever lies there. A kernel that fails is left out. What was measured
 * when the time is up is kept, and later plans go on from there.
 * @throws {DeviceError} where the device is lost, or had failed at other work before.
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
  try {
    await tuning.measure(async (isTimeUp) => {
      for (const { choice, index } of open.values()) {
        if (isTimeUp()) return;
        // Another plan may have measured it while this one waited for its turn.
        if (tuning.wantsTimes(choice)) await timeCandidates(gpu, choice, index, memory, isTimeUp);
      }
    });
  } finally {
    // What cannot be kept is measured again next time.
    await tuning.save().catch(() => {});
  }
}

/** Takes the least milliseconds of each kernel that has none yet, until the time is up. */
async function timeCandidates(
  gpu: Gpu,
  choice: Choice,
  index: number,
  memory: PlanMemory,
  isTimeUp: () => boolean,
): Promise<void> {
  const { tuning } = gpu;
  // What went wrong before is no candidate's fault.
  await gpu.settled();
  using trial = new Scope(gpu);
  const bind = memory.binderForTrial(index, trial);
  const racers = new Set<Racer>();
  for (const candidate of tuning.missing(choice)) {
    // One that has begun gets its samples: else what takes long to compile would never have any.
    if (isTimeUp()) break;
    const racer = await attempt(gpu, () => enterRace(gpu, candidate, bind));
    if (racer) racers.add(racer);
    else tuning.keepFailure(choice, candidate);
  }
  const known = tuning.leastMilliseconds(choice);
  const leader = () => Math.min(known, ...[...racers].map(({ least }) => least));
  const rounds = leader() > LONG_MS ? 1 : ROUNDS;
  for (let round = 0; round < rounds; round++) {
    for (const racer of racers) {
      if (isTimeUp() || racer.least > HOPELESS * leader()) continue;
      const milliseconds = await attempt(gpu, racer.run);
      if (milliseconds === undefined) {
        racers.delete(racer);
        tuning.keepFailure(choice, racer.candidate);
      } else {
        racer.least = Math.min(racer.least, milliseconds);
      }
    }
  }
  tuning.keepTimes(
    choice,
    Object.fromEntries([...racers].map(({ candidate, least }) => [candidate.kernel.name, least])),
  );
}

/** Compiles a kernel and takes its first samples: two where they are short, lest one that was disturbed rule it out. */
async function enterRace(
  gpu: Gpu,
  candidate: Candidate,
  bind: (pipeline: Pipeline) => GPUBindGroup,
): Promise<Racer> {
  const { kernel, grid } = candidate;
  const pipeline = await pipelineFor(gpu, kernel);
  const step = { pipeline, bindGroup: bind(pipeline), grid };
  const run = async (times: number) => {
    const milliseconds = await passMilliseconds(gpu, (pass) => encodeSteps(pass, [step], times));
    return Math.max(LEAST_MS, milliseconds / times);
  };
  // Drivers compile at the first run.
  await run(1);
  const { repeats, milliseconds } = await longSample(run, SAMPLE_MS[gpu.deviceClass]);
  const least = milliseconds > LONG_MS ? milliseconds : Math.min(milliseconds, await run(repeats));
  return { candidate, run: () => run(repeats), least };
}

/**
 * What the work gives; nothing where the device refuses it or has no memory for it, which is no reason to fail: other
 * candidates will do. Without its device nothing will.
 */
async function attempt<T>(gpu: Gpu, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DeviceError) || gpu.lost) throw error;
    return undefined;
  }
}

/**
 * The first sample that is long enough to be trusted, and of how many runs it is. Shorter ones must not count: the clock of a
 * GPU may advance in steps longer than a kernel takes, and tell 0.
 */
async function longSample(
  run: (times: number) => Promise<number>,
  sampleMs: number,
): Promise<{ repeats: number; milliseconds: number }> {
  let repeats = 1;
  let milliseconds = await run(repeats);
  while (repeats < MAX_REPEATS && milliseconds * repeats < sampleMs / 2) {
    repeats = Math.min(MAX_REPEATS, MAX_GROWTH * repeats, Math.ceil(sampleMs / milliseconds));
    milliseconds = await run(repeats);
  }
  return { repeats, milliseconds };
}

/** A kernel in the race, and the least milliseconds it took so far. */
interface Racer {
  readonly candidate: Candidate;
  readonly run: () => Promise<number>;
  least: number;
}

/** Rounds in which each kernel has a sample, so that what else the device does falls on all alike. */
const ROUNDS = 4;
/** Of dispatches that take longer one round is enough: they drown little disturbances themselves. */
const LONG_MS = 30;
/** A kernel that takes so many times as long as the fastest gets no further samples. */
const HOPELESS = 1.5;
/**
 * A sample shorter than this drowns in the cost of submitting it; of a software adapter, in the millisecond that its end may be
 * told late (see `resting`).
 */
const SAMPLE_MS = { gpu: 3, cpu: 30 } as const;
const MAX_REPEATS = 1024;
/** A sample may have so many times the runs of the one before it, whose time may have been told as much too short. */
const MAX_GROWTH = 16;
/** No kernel takes less; a coarse clock may say so. */
const LEAST_MS = 1e-6;
