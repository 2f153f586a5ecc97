import { checkNumber } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { type DeviceTensor, elements, type Scope, write } from '../device/scope.ts';
import { described } from '../differentiation/shapes.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';

/** A rule by which gradients change parameters. */
export interface Optimiser {
  /**
   * What it remembers of the parameters it was recorded for, zeros at first, by the names TensorFlow gives
   * such variables.
   */
  readonly slots: ReadonlyMap<string, DeviceTensor>;
  /**
   * Sets what the next run of a plan with updates uses. Call it once before each run.
   * @param learningRate of that step, see the schedules of the models
   * @throws {UsageError} for a rate that is not finite.
   */
  prepare(learningRate: number): void;
  /** Records the update of a parameter. Everything that reads the old value must be in the graph already. */
  update(graph: Graph, parameter: DeviceTensor, gradient: GraphTensor): void;
}

/**
 * Records the updates of all parameters.
 * @param gradients in the order and the shapes of the parameters
 * @throws {UsageError} where there are more or fewer, or one has another size than its parameter.
 */
export function applyGradients(
  graph: Graph,
  optimiser: Optimiser,
  parameters: readonly DeviceTensor[],
  gradients: readonly GraphTensor[],
): void {
  if (gradients.length !== parameters.length) {
    throw new UsageError(`there are ${gradients.length} gradients for ${parameters.length} parameters.`);
  }
  parameters.forEach((parameter, i) => {
    if (elements(gradients[i]) !== elements(parameter)) {
      throw new UsageError(`gradient ${described(gradients[i])} is not that of ${described(parameter)}.`);
    }
    optimiser.update(graph, parameter, gradients[i]);
  });
}

/** What all optimisers can be told. */
export interface OptimiserOptions {
  /** What the learning rate is multiplied with for the parameter of a name, above 0; 1 for all unless given. */
  readonly rateScale?: ((parameter: string) => number) | undefined;
}

/** What optimisers keep on the device: the numbers of a step, and slots. */
export class OptimiserState {
  readonly slots = new Map<string, DeviceTensor>();
  /** The learning rate, and what else a rule needs for each step. */
  readonly control: DeviceTensor;
  readonly #scope: Scope;
  readonly #rateScale: (parameter: string) => number;

  constructor(scope: Scope, { rateScale = () => 1 }: OptimiserOptions) {
    this.#scope = scope;
    this.#rateScale = rateScale;
    this.control = scope.tensor('optimiser control', [4]);
  }

  /** @throws {UsageError} for a rate that is not finite. */
  write(learningRate: number, ...numbers: readonly number[]): void {
    checkNumber('the learning rate', learningRate, Number.isFinite, 'a finite number');
    write(this.#scope.gpu, this.control, Float32Array.of(learningRate, ...numbers));
  }

  /** What the learning rate is multiplied with. @throws {UsageError} for a number that it cannot be. */
  rateScale({ name }: DeviceTensor): number {
    const scale = this.#rateScale(name);
    const isFactor = (value: number) => Number.isFinite(value) && value > 0;
    checkNumber(`the scale of the learning rate for ${name}`, scale, isFactor, 'a number above 0');
    return scale;
  }

  /** The slot `parameter/name`, made when it is first asked for. */
  slot(parameter: DeviceTensor, name: string, shape: readonly number[] = parameter.shape): DeviceTensor {
    const full = `${parameter.name}/${name}`;
    let slot = this.slots.get(full);
    if (slot === undefined) {
      slot = this.#scope.tensor(full, shape);
      this.slots.set(full, slot);
    }
    return slot;
  }
}

/** Refuses a share of what was that a step keeps, outside [0, 1). */
export function checkShare(name: string, value: number): void {
  checkNumber(name, value, (share) => share >= 0 && share < 1, 'a number in [0, 1)');
}

/** Refuses a number of updates that cannot have been done. */
export function checkUpdates(updates: number): void {
  checkNumber('updates', updates, (count) => Number.isSafeInteger(count) && count >= 0, 'a whole number');
}
