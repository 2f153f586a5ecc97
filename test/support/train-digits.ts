import { derivedKey, randomKey } from '../../src/base/random.ts';
import type { Technique } from '../../src/base/technique.ts';
import type { Gpu } from '../../src/graph/device/gpu.ts';
import { type DeviceTensor, elements, readFloats, Scope, write } from '../../src/graph/device/scope.ts';
import { crossEntropy, smoothedOverAll } from '../../src/graph/differentiation/cross-entropy.ts';
import { add, applyMask, scale } from '../../src/graph/differentiation/elementwise.ts';
import { sum } from '../../src/graph/differentiation/reductions.ts';
import { Tape } from '../../src/graph/differentiation/tape.ts';
import { uploadKey, writeKey } from '../../src/graph/operations/random.ts';
import { Adam } from '../../src/graph/optimisers/adam.ts';
import { applyGradients } from '../../src/graph/optimisers/optimiser.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import type { GraphTensor } from '../../src/graph/plan/node.ts';
import { meanGatedTheta } from '../../src/layers/l0-regularization/device.ts';
import { linearPenaltyWeight } from '../../src/layers/penalty-schedule.ts';
import { GradualPruner } from '../../src/layers/pruning/gradual-pruner.ts';
import { maskedTheta } from '../../src/layers/variational-dropout/device.ts';
import { total, weightedPenalty } from '../../src/models/training/loss.ts';
import { drawnNoise } from '../../src/models/training/noise.ts';
import { type SparseKernel, trainedProduct } from '../../src/models/training/sparse-kernel.ts';
import { asFloats, compute } from './compute.ts';
import { DIGIT_PIXELS, type Digits } from './digits.ts';
import { type Random, randomFrom } from './random.ts';
import type { ApplyLayer, SmallNet } from './small-nets.ts';

/** How a network is trained. */
export interface DigitTraining {
  readonly technique: Technique;
  readonly steps: number;
  /** Magnitude and random pruning: share of the weights of every layer to prune. */
  readonly sparsity: number;
  /** Variational dropout and L0 regularisation: weight of the penalty at the end of its rise. */
  readonly penalty: number;
}

/** What came of it. */
export interface DigitResult {
  /** Share of weights that evaluation does not use. */
  readonly sparsity: number;
  /** Share of the test digits that are told right. */
  readonly accuracy: number;
}

const BATCH = 50;
const LEARNING_RATE = 0.02;
/** Log-variances and gates have further to go than weights. */
const COMPANION_START: Partial<Record<Technique, number>> = {
  magnitude_pruning: 1,
  random_pruning: 1,
  variational_dropout: -6,
  l0_regularization: 1,
};

/** Trains a network on digits and evaluates it on others. */
export async function trainOnDigits(
  gpu: Gpu,
  net: SmallNet,
  training: DigitTraining,
  digits: { readonly train: Digits; readonly test: Digits },
): Promise<DigitResult> {
  using scope = new Scope(gpu);
  const layers = makeLayers(scope, net, training.technique, randomFrom(1));
  await train(scope, net, layers, training, digits.train);
  return await evaluate(gpu, net, layers, digits.test);
}

interface Layer {
  readonly kernel: SparseKernel;
  readonly bias: DeviceTensor;
}

/** Kernels after He et al. 2015, biases 0. */
function makeLayers(scope: Scope, { kernels }: SmallNet, technique: Technique, random: Random): Layer[] {
  return kernels.map((shape, index) => {
    const size = elements({ shape });
    const outputs = shape[shape.length - 1];
    const limit = Math.sqrt((6 * outputs) / size);
    const weights = Float32Array.from({ length: size }, () => limit * (2 * random() - 1));
    const theta = scope.upload(`layer ${index}`, shape, weights);
    const bias = scope.tensor(`layer ${index} bias`, [outputs]);
    if (technique === 'dense') return { bias, kernel: { technique, theta } };
    const start = new Float32Array(size).fill(COMPANION_START[technique]!);
    return {
      bias,
      kernel: { technique, theta, companion: scope.upload(`layer ${index} companion`, shape, start) },
    };
  });
}

async function train(
  scope: Scope,
  net: SmallNet,
  layers: readonly Layer[],
  { technique, steps, sparsity, penalty }: DigitTraining,
  { pictures, labels }: Digits,
): Promise<void> {
  const { gpu } = scope;
  const graph = new Graph(gpu, `training, ${technique}`);
  const tape = new Tape(graph);
  const key = uploadKey(scope, randomKey(0));
  const weight = scope.tensor('penalty weight', [1]);
  const sparse = { noise: drawnNoise(graph, key), clipAlpha: 8 };
  const x = scope.tensor('pictures', net.arrange(pictures.subarray(0, BATCH * DIGIT_PIXELS)).shape);
  const y = scope.tensor('labels', [BATCH]);
  const logits = net.logits(tape, x, BATCH, (index, map, input, columns) => {
    const { kernel, bias } = layers[index];
    const shape = [bias.shape[0], columns];
    return add(
      tape,
      trainedProduct(tape, kernel, map, input, sparse, { site: kernel.theta.name, shape }),
      bias,
    );
  });
  const losses = crossEntropy(tape, logits, y, smoothedOverAll(10, 0));
  const kernels = layers.map(({ kernel }) => kernel);
  const penalties = weightedPenalty(tape, kernels, weight, sparse.clipAlpha);
  const mean = scale(tape, sum(tape, losses), 1 / BATCH);
  const loss = total(tape, penalties ? [mean, penalties] : [mean]);
  const parameters = layers.flatMap(({ kernel, bias }) => [kernel.theta, bias, ...learnt(kernel)]);
  const optimiser = new Adam(scope, { beta2: 0.99 });
  applyGradients(graph, optimiser, parameters, tape.gradients(loss, parameters));
  using plan = await graph.plan();

  const pruner = new GradualPruner({
    sparsity: { begin: steps / 4, end: (3 * steps) / 4, target: sparsity },
    updates: { begin: steps / 4, end: (3 * steps) / 4, frequency: steps / 20 },
    rule: { method: technique === 'random_pruning' ? 'random' : 'magnitude' },
  });
  const ramp = { weight: penalty, begin: steps / 4, end: steps / 2 };
  for (let step = 0; step < steps; step++) {
    const from = (step * BATCH) % (labels.length - BATCH + 1);
    const batch = net.arrange(pictures.subarray(from * DIGIT_PIXELS, (from + BATCH) * DIGIT_PIXELS));
    write(gpu, x, batch.data);
    write(gpu, y, labels.slice(from, from + BATCH));
    write(gpu, weight, Float32Array.of(linearPenaltyWeight(step, ramp)));
    writeKey(scope, key, derivedKey(randomKey(1), step));
    // The rate falls to 0, so that the weights that stay settle.
    optimiser.prepare(LEARNING_RATE * Math.min(1, 2 * (1 - step / steps)));
    plan.run();
    if (technique.endsWith('pruning') && pruner.isDue(step)) await prune(gpu, pruner, step, kernels);
  }
}

function learnt(kernel: SparseKernel): DeviceTensor[] {
  const { technique } = kernel;
  return technique === 'variational_dropout' || technique === 'l0_regularization' ? [kernel.companion] : [];
}

/** Makes the masks of a step anew. */
async function prune(
  gpu: Gpu,
  pruner: GradualPruner,
  step: number,
  kernels: readonly SparseKernel[],
): Promise<void> {
  const weights = await Promise.all(
    kernels.map(async ({ theta }) => ({
      name: theta.name,
      shape: theta.shape,
      weights: await readFloats(gpu, theta, elements(theta)),
    })),
  );
  const masks = pruner.update(step, weights);
  for (const kernel of kernels) {
    if (kernel.technique !== 'dense') write(gpu, kernel.companion, masks.get(kernel.theta.name)!.mask);
  }
}

async function evaluate(
  gpu: Gpu,
  net: SmallNet,
  layers: readonly Layer[],
  { pictures, labels }: Digits,
): Promise<DigitResult> {
  const names = layers.map((_, index) => `weights ${index}`);
  const results = await compute(gpu, (graph, scope) => {
    const tape = new Tape(graph);
    const { shape, data } = net.arrange(pictures);
    const weights = layers.map(({ kernel }) => evaluated(tape, kernel));
    const apply: ApplyLayer = (index, map, x) => add(tape, map(x, weights[index]), layers[index].bias);
    const logits = net.logits(tape, scope.upload('pictures', shape, data), labels.length, apply);
    return { logits, ...Object.fromEntries(names.map((name, i) => [name, weights[i]])) };
  });
  const logits = asFloats(results.logits);
  const right = labels.reduce((count, label, n) => {
    const ofClass = (v: number) => logits[v * labels.length + n];
    return (
      count + (Array.from({ length: 10 }, (_, v) => v).every((v) => ofClass(v) <= ofClass(label)) ? 1 : 0)
    );
  }, 0);
  let [zeros, size] = [0, 0];
  layers.forEach(({ kernel: { theta } }, i) => {
    const count = elements(theta);
    const values = asFloats((results as Record<string, Uint32Array>)[names[i]]).subarray(0, count);
    zeros += values.filter((value) => value === 0).length;
    size += count;
  });
  return { sparsity: zeros / size, accuracy: right / labels.length };
}

/** The weights as evaluation has them. */
function evaluated(tape: Tape, kernel: SparseKernel): GraphTensor {
  switch (kernel.technique) {
    case 'dense':
      return kernel.theta;
    case 'magnitude_pruning':
    case 'random_pruning':
      return applyMask(tape, kernel.theta, kernel.companion);
    case 'variational_dropout':
      return maskedTheta(tape, [kernel.theta, kernel.companion]);
    case 'l0_regularization':
      return meanGatedTheta(tape, [kernel.theta, kernel.companion]);
  }
}
