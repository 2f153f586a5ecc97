import { Scope } from '../src/graph/device/scope.ts';
import type { Gpu } from '../src/graph/open-gpu.ts';
import { GradualPruner } from '../src/layers/pruning/gradual-pruner.ts';
import { DeviceMasks } from '../src/train/loop/device-masks.ts';
import type { BatchPart, Trainee } from '../src/train/loop/trainee.ts';
import { Trainer } from '../src/train/loop/trainer.ts';
import { type BenchRun, runBench } from './support/bench.ts';
import { type Cost, cost } from './support/cost.ts';
import { type FamilyTime, profileStep, sum } from './support/step-profile.ts';
import { startTable } from './support/table.ts';
import { type LayerResult, measureLayers } from './support/trained-layers.ts';
import { sampleResNet, sampleTransformer, type TrainedSample } from './support/trained-samples.ts';

/*
 * Training steps of the models of the small study: steps a second, what a step takes of the processor, where that goes, and the
 * memory of its activations. Without `--quick` also layers of the paper's models.
 *
 *     npm run bench -- train [--quick] [--json]
 *
 * `bench/peers/torch_train.py` takes the same steps in PyTorch.
 */

/** What was measured of a model. */
interface TrainingResult {
  readonly name: string;
  /** Wall time of a step, the median. */
  readonly ms: number;
  /** Of the processor, all threads together, the median. */
  readonly processorMs: number;
  readonly itemsPerSecond: number;
  readonly arenaBytes: number;
  readonly dispatches: number;
  /** What the parts of a step take: of the processor on a software adapter, of the device elsewhere. */
  readonly parts: {
    readonly forward: number;
    readonly backward: number;
    readonly update: number;
    /** What is left of a step: encoding, uploads, waiting. */
    readonly host: number;
    /** Of an update of all masks, which not every step has. */
    readonly masks: number;
  };
  readonly families: readonly FamilyTime[];
}

const SEED = 1;
const RATE = 1e-4;
/** Steps that are measured, and rounds over the dispatches of one. */
const STEPS = { full: 9, quick: 5, smoke: 1 } as const;

await runBench('train', async (run) => {
  const results: TrainingResult[] = [];
  using scope = new Scope(run.gpu);
  results.push(await measureSample(run, await sampleTransformer(scope, run.scale)));
  results.push(await measureSample(run, await sampleResNet(scope, run.scale)));
  run.say('The same steps in PyTorch, on the CPU: python bench/peers/torch_train.py\n');
  if (run.scale === 'quick') return { results };
  const layers = await measureLayers(run.gpu, run.scale, 3);
  sayLayers(run, layers);
  return { results, layers };
});

async function measureSample<Part extends BatchPart>(
  run: BenchRun,
  sample: TrainedSample<Part>,
): Promise<TrainingResult> {
  const { gpu, scale } = run;
  const { trainee, batch, optimiser, items } = sample;
  const rounds = STEPS[scale];
  const { forward, backward, update, ...profile } = await profileStep(gpu, sample, rounds);
  const learningRate = () => RATE;
  using trainer = await Trainer.create(gpu, trainee, batch, { seed: SEED, learningRate, optimiser });
  await trainer.train([batch]);
  const steps: Cost[] = [];
  for (let step = 0; step < rounds; step++) steps.push(await cost(() => trainer.train([batch])));
  const ms = median(steps.map(({ wall }) => wall));
  const processorMs = median(steps.map(({ processor }) => processor));
  const host = (gpu.deviceClass === 'cpu' ? processorMs : ms) - forward - backward - update;
  const masks = await maskUpdate(gpu, trainee, rounds);
  const parts = { forward, backward, update, host: Math.max(0, host), masks };
  const result = {
    name: sample.name,
    ms,
    processorMs,
    itemsPerSecond: (1000 * items) / ms,
    parts,
    ...profile,
  };
  sayResult(run, result);
  return result;
}

/** What making all masks anew takes, in the unit of the parts of a step. */
async function maskUpdate<Part extends BatchPart>(
  gpu: Gpu,
  trainee: Trainee<Part>,
  rounds: number,
): Promise<number> {
  const updates = { begin: 0, end: -1, frequency: 1 };
  using masks = DeviceMasks.of(gpu, trainee, new GradualPruner({ sparsity: () => 0.9, updates }))!;
  const costs: Cost[] = [];
  for (let round = 1; round <= rounds; round++) {
    costs.push(
      await cost(async () => {
        await masks.update(round);
        await gpu.settled();
      }),
    );
  }
  return median(costs.map(({ processor, wall }) => (gpu.deviceClass === 'cpu' ? processor : wall)));
}

function sayResult({ say }: BenchRun, result: TrainingResult): void {
  const { name, ms, processorMs, itemsPerSecond, arenaBytes, dispatches, parts, families } = result;
  const all = sum(families.map((family) => family.ms));
  say(`${name}`);
  say(
    `${(1000 / ms).toFixed(2)} steps/s, ${itemsPerSecond.toFixed(0)} items/s, ${processorMs.toFixed(0)} ms of the processor a step, ` +
      `arena ${(arenaBytes / 2 ** 20).toFixed(1)} MiB, ${dispatches} dispatches`,
  );
  const shares = Object.entries(parts).map(([part, time]) => `${part} ${time.toFixed(0)} ms`);
  say(`${shares.join(', ')}\n`);
  const print = startTable<FamilyTime>(say, [
    { heading: 'kernels', width: 40, align: 'left', cell: ({ family }) => family },
    { heading: 'dispatches', width: 10, cell: ({ dispatches: count }) => String(count) },
    { heading: 'ms', width: 9, cell: (family) => family.ms.toFixed(1) },
    { heading: 'share', width: 6, cell: (family) => `${((100 * family.ms) / all).toFixed(0)} %` },
  ]);
  families.forEach(print);
  say('');
}

function sayLayers({ say }: BenchRun, layers: readonly LayerResult[]): void {
  const print = startTable<LayerResult>(say, [
    { heading: 'a layer: output and both gradients', width: 40, align: 'left', cell: ({ name }) => name },
    { heading: 'ms', width: 9, cell: ({ ms }) => ms.toFixed(1) },
    { heading: 'GFLOP/s', width: 8, cell: ({ gflops }) => gflops.toFixed(2) },
  ]);
  layers.forEach(print);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
