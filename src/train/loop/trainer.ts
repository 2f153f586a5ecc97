import { derivedKey, type RandomKey, randomKey } from '../../base/random.ts';
import type { Gpu } from '../../graph/device/gpu.ts';
import { type DeviceTensor, readFloats, Scope, write } from '../../graph/device/scope.ts';
import { uploadKey, writeKey } from '../../graph/operations/random.ts';
import type { Optimiser } from '../../graph/optimisers/optimiser.ts';
import { applyGradients } from '../../graph/optimisers/optimiser.ts';
import { Graph } from '../../graph/plan/graph.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { drawnNoise } from '../../models/training/noise.ts';
import { Accumulator } from './accumulator.ts';
import { DeviceMasks, type Pruner } from './device-masks.ts';
import { type MicroBatches, requireRoom } from './device-room.ts';
import { PartPlans } from './part-plans.ts';
import type { BatchPart, Trainee } from './trainee.ts';

/** Tells the noise of a seed from its initial values, which have the keys of small numbers. */
const NOISE = 0xffff_ffff;

/** How a model is trained; all of it a function of the number of steps that were done before. */
export interface TrainerOptions {
  /** Of all noise. */
  readonly seed: number;
  /** By the steps that were done before. */
  readonly learningRate: (step: number) => number;
  /** Weight of the penalty of variational dropout or L0 regularisation; asked for once a step, of rising steps. */
  readonly penaltyWeight?: ((step: number) => number) | undefined;
  /** Makes masks anew while training; without it they stay. */
  readonly pruner?: Pruner | undefined;
  /** Makes it. @param updates that were done before */
  readonly optimiser: (scope: Scope, updates: number) => Optimiser;
  /** Steps that were done before; 0. */
  readonly step?: number | undefined;
}

/** What a step's loss was made of, by name; `loss` is the sum of the others. */
export type Losses = Readonly<Record<string, number>>;

/**
 * Trains a model on a device, a step at a time. What a step does is decided by the variables, the slots of the optimiser and the
 * number of the step; so whoever restores these goes on to the bit.
 */
export class Trainer<Part extends BatchPart> implements Disposable {
  /** What it trains on. */
  readonly gpu: Gpu;
  /** What it trains. */
  readonly trainee: Trainee<Part>;
  /** With what it remembers. */
  readonly optimiser: Optimiser;
  /** Masks of pruning; undefined with other techniques. */
  readonly masks: DeviceMasks | undefined;
  readonly #options: TrainerOptions;
  readonly #scope: Scope;
  readonly #key: RandomKey;
  readonly #deviceKey: DeviceTensor;
  readonly #penaltyWeight: DeviceTensor;
  readonly #accumulator: Accumulator;
  readonly #plans: PartPlans<Part>;
  readonly #losses = new Map<string, DeviceTensor>();
  /** All updates, recorded with the first part, so that room is looked for beside the slots. */
  #updates: Graph | undefined;
  #update: Plan | undefined;
  #step: number;

  private constructor(gpu: Gpu, trainee: Trainee<Part>, options: TrainerOptions) {
    this.gpu = gpu;
    this.trainee = trainee;
    this.#options = options;
    this.#step = options.step ?? 0;
    this.#scope = new Scope(gpu);
    this.#key = derivedKey(randomKey(options.seed), NOISE);
    this.#deviceKey = uploadKey(this.#scope, this.#key);
    this.#penaltyWeight = this.#scope.tensor('penalty weight', [1]);
    this.#accumulator = new Accumulator(this.#scope);
    this.optimiser = options.optimiser(this.#scope, this.#step);
    this.masks = DeviceMasks.of(gpu, trainee, options.pruner);
    this.#plans = new PartPlans(gpu, (tape, scope, part) => {
      const inputs = { noise: drawnNoise(tape.graph, this.#deviceKey), penaltyWeight: this.#penaltyWeight };
      const recorded = trainee.record(tape, scope, part, inputs);
      this.#recordTotals(tape.graph, recorded.training);
      return recorded;
    });
    // Where a training goes on, what depends on earlier steps is led through them.
    for (let step = 0; step < this.#step; step++) options.penaltyWeight?.(step);
  }

  /**
   * Makes ready to train: the plan of one shape of parts, and the optimiser with its slots.
   * @param example a part of the shape that is common
   * @param microBatches what else it could work on at once; given, it is looked at first whether the device has room for all shapes
   * @throws {DeviceTooSmallError} where it has not; where `microBatches` are given, it says which would fit.
   */
  static async create<Part extends BatchPart>(
    gpu: Gpu,
    trainee: Trainee<Part>,
    example: Part,
    options: TrainerOptions,
    microBatches?: MicroBatches<Part>,
  ): Promise<Trainer<Part>> {
    const trainer = new Trainer(gpu, trainee, options);
    try {
      if (microBatches !== undefined) {
        await requireRoom(microBatches, (part) => trainer.#plans.tryMemory(part));
      }
      await trainer.#plans.of(example);
      trainer.#update = await trainer.#updates!.plan();
      return trainer;
    } catch (error) {
      trainer.dispose();
      throw error;
    }
  }

  /** Steps that were done. */
  get step(): number {
    return this.#step;
  }

  /** Rate of the last step. */
  get learningRate(): number {
    return this.#options.learningRate(Math.max(0, this.#step - 1));
  }

  /** Does a step. @param parts the whole batch */
  async train(parts: readonly Part[]): Promise<void> {
    const step = this.#step;
    const weight = this.#options.penaltyWeight?.(step) ?? 0;
    write(this.gpu, this.#penaltyWeight, Float32Array.of(weight));
    const stepKey = derivedKey(this.#key, step);
    for (const [i, part] of parts.entries()) {
      const { plan, write: writePart } = await this.#plans.of(part);
      writeKey(this.#scope, this.#deviceKey, derivedKey(stepKey, i));
      this.#accumulator.prepare(part.share, i === 0);
      writePart(part);
      plan.run();
    }
    this.optimiser.prepare(this.#options.learningRate(step));
    this.#update!.run();
    await this.masks?.update(step);
    this.#step = step + 1;
    // Keeps the host from running ahead of the device, whose queue has no bound of its own.
    await this.gpu.settled();
  }

  /** Of the last step. */
  async losses(): Promise<Losses> {
    const read = async ([name, total]: [string, DeviceTensor]) =>
      [name, (await readFloats(this.gpu, total, 1))[0]] as const;
    return Object.fromEntries(await Promise.all([...this.#losses].map(read)));
  }

  /** Gives back what it has on the device; the variables stay. */
  dispose(): void {
    this.#plans.dispose();
    this.#update?.dispose();
    this.masks?.dispose();
    this.#scope.dispose();
  }

  /** As `dispose`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #recordTotals(
    graph: Graph,
    { loss, parts, parameters, gradients }: ReturnType<Trainee<Part>['record']>['training'],
  ): void {
    const totals = parameters.map(({ name }, i) => this.#accumulator.record(graph, name, gradients[i]));
    if (this.#updates === undefined) {
      this.#updates = new Graph(this.gpu, 'optimiser step');
      applyGradients(this.#updates, this.optimiser, parameters, totals);
    }
    for (const [name, tensor] of Object.entries({ loss, ...parts })) {
      this.#losses.set(name, this.#accumulator.record(graph, name, tensor));
    }
  }
}
