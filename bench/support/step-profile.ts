import { randomKey } from '../../src/base/random.ts';
import { Scope } from '../../src/graph/device/scope.ts';
import { Tape } from '../../src/graph/differentiation/tape.ts';
import type { Gpu } from '../../src/graph/open-gpu.ts';
import { uploadKey } from '../../src/graph/operations/random.ts';
import { applyGradients } from '../../src/graph/optimisers/optimiser.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import type { GraphTensor } from '../../src/graph/plan/node.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { passMilliseconds } from '../../src/graph/tuning/time-pass.ts';
import { drawnNoise } from '../../src/models/training/noise.ts';
import type { BatchPart } from '../../src/train/loop/trainee.ts';
import { cost } from './cost.ts';
import type { TrainedSample } from './trained-samples.ts';

/** What a kind of kernel takes of a step. */
export interface FamilyTime {
  /** Kernels whose names begin alike. */
  readonly family: string;
  readonly dispatches: number;
  readonly ms: number;
}

/** Where the time of a step goes, in the unit of {@link dispatchTimes}, and its memory. */
export async function profileStep<Part extends BatchPart>(
  gpu: Gpu,
  { trainee, batch, optimiser }: TrainedSample<Part>,
  rounds: number,
) {
  using scope = new Scope(gpu);
  const graph = new Graph(gpu, 'training step');
  const tape = new MarkedTape(graph);
  const noise = drawnNoise(graph, uploadKey(scope, randomKey(1)));
  const penaltyWeight = scope.tensor('penalty weight', [1]);
  const { training, write } = trainee.record(tape, scope, batch, { noise, penaltyWeight });
  const { forwardDispatches } = tape;
  using step = await graph.plan();
  write(batch);
  const rule = optimiser(scope);
  const updates = new Graph(gpu, 'optimiser step');
  const gradients = training.parameters.map(({ name, shape }) => scope.tensor(`${name} gradient`, shape));
  applyGradients(updates, rule, training.parameters, gradients);
  using update = await updates.plan();
  rule.prepare(1e-4);
  const times = await dispatchTimes(gpu, step, rounds);
  const updateTimes = await dispatchTimes(gpu, update, rounds);
  return {
    forward: sum(times.slice(0, forwardDispatches)),
    backward: sum(times.slice(forwardDispatches)),
    update: sum(updateTimes),
    arenaBytes: step.arenaBytes,
    dispatches: step.dispatches + update.dispatches,
    families: byFamily([
      { plan: step, times },
      { plan: update, times: updateTimes },
    ]),
  };
}

/** Remembers how much of its graph is the forward pass. */
class MarkedTape extends Tape {
  forwardDispatches = 0;

  override gradients(loss: GraphTensor, sources: readonly GraphTensor[]): GraphTensor[] {
    this.forwardDispatches = this.graph.dispatches;
    return super.gradients(loss, sources);
  }
}

/**
 * Milliseconds of each dispatch of a plan, which is run dispatch by dispatch, so that each meets the values that it would: of the
 * processor on a software adapter, which other processes hardly disturb, of the device elsewhere. The least of the rounds.
 */
async function dispatchTimes(gpu: Gpu, plan: Plan, rounds: number): Promise<number[]> {
  const times = plan.kernels.map(() => Number.POSITIVE_INFINITY);
  let empty = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= rounds; round++) {
    empty = Math.min(empty, await passCost(gpu, () => {}));
    for (let place = 0; place < plan.dispatches; place++) {
      const cost = await passCost(gpu, (pass) => plan.encodeOne(pass, place));
      // In the first round drivers compile.
      if (round > 0) times[place] = Math.min(times[place], cost);
    }
  }
  return times.map((time) => Math.max(0, time - empty));
}

/** What a pass takes, in the unit of {@link dispatchTimes}. */
export async function passCost(gpu: Gpu, encode: (pass: GPUComputePassEncoder) => void): Promise<number> {
  if (gpu.deviceClass === 'gpu') return passMilliseconds(gpu, encode);
  return (await cost(() => passMilliseconds(gpu, encode))).processor;
}

/** Times by kind of kernel, the longest first. */
function byFamily(plans: readonly { plan: Plan; times: readonly number[] }[]): FamilyTime[] {
  const families = new Map<string, { dispatches: number; ms: number }>();
  for (const { plan, times } of plans) {
    plan.kernels.forEach((kernel, place) => {
      const family = familyOf(kernel);
      const { dispatches, ms } = families.get(family) ?? { dispatches: 0, ms: 0 };
      families.set(family, { dispatches: dispatches + 1, ms: ms + times[place] });
    });
  }
  return [...families].map(([family, rest]) => ({ family, ...rest })).sort((a, b) => b.ms - a.ms);
}

/** A kernel's name up to its sizes and what it meets. */
function familyOf(kernel: string): string {
  return kernel.replace(/ by .*/, ' gradient').replace(/,? ?[(\d].*|,.*/, '');
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
