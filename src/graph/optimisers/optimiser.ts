import type { Graph } from '../graph.ts';
import type { GraphTensor } from '../node.ts';
import { type DeviceTensor, type Scope, write } from '../scope.ts';

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
   */
  prepare(learningRate: number): void;
  /** Records the update of a parameter. Everything that reads the old value must be in the graph already. */
  update(graph: Graph, parameter: DeviceTensor, gradient: GraphTensor): void;
}

/** Records the updates of all parameters. @param gradients in the order of the parameters */
export function applyGradients(
  graph: Graph,
  optimiser: Optimiser,
  parameters: readonly DeviceTensor[],
  gradients: readonly GraphTensor[],
): void {
  parameters.forEach((parameter, i) => {
    optimiser.update(graph, parameter, gradients[i]);
  });
}

/** What optimisers keep on the device: the numbers of a step, and slots. */
export class OptimiserState {
  readonly slots = new Map<string, DeviceTensor>();
  /** The learning rate, and what else a rule needs for each step. */
  readonly control: DeviceTensor;
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.control = scope.tensor('optimiser control', [4]);
  }

  write(...numbers: readonly number[]): void {
    write(this.#scope.gpu, this.control, Float32Array.from(numbers));
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
