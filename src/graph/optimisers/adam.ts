import { checkNumber } from '../../base/check-arguments.ts';
import { linearGrid } from '../../wgsl/linear-grid.ts';
import { adamKernel } from '../../wgsl/training/adam.ts';
import { type DeviceTensor, elements, type Scope } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';
import {
  checkShare,
  checkUpdates,
  type Optimiser,
  type OptimiserOptions,
  OptimiserState,
} from './optimiser.ts';

/** Numbers of Adam. */
export interface AdamOptions extends OptimiserOptions {
  /** Share of the mean gradient that a step keeps; 0.9. */
  readonly beta1?: number;
  /** Share of the mean squared gradient that a step keeps; 0.997, as for the paper's Transformer. */
  readonly beta2?: number;
  /** Added to the root of the mean squared gradient; 1e-9. */
  readonly epsilon?: number;
  /** Updates that were done before, where a training goes on. */
  readonly updates?: number;
}

/**
 * Adam (Kingma and Ba 2015) as TensorFlow takes it, which trained the paper's sparse Transformers. Its slots
 * are `<parameter>/Adam` (mean gradient) and `<parameter>/Adam_1` (mean squared gradient).
 */
export class Adam implements Optimiser {
  readonly #numbers: { readonly beta1: number; readonly beta2: number; readonly epsilon: number };
  readonly #state: OptimiserState;
  #updates: number;

  /** @param scope owns the slots @throws {UsageError} for options that cannot be. */
  constructor(scope: Scope, options: AdamOptions = {}) {
    const { beta1 = 0.9, beta2 = 0.997, epsilon = 1e-9, updates = 0 } = options;
    checkShare('beta1', beta1);
    checkShare('beta2', beta2);
    checkNumber('epsilon', epsilon, (value) => value >= 0, 'a number from 0 up');
    checkUpdates(updates);
    this.#numbers = { beta1, beta2, epsilon };
    this.#state = new OptimiserState(scope, options);
    this.#updates = updates;
  }

  get slots(): ReadonlyMap<string, DeviceTensor> {
    return this.#state.slots;
  }

  /** Updates that `prepare` has been called for; what a checkpoint has to keep beside the slots. */
  get updates(): number {
    return this.#updates;
  }

  /** `β^(updates + 1)` of both shares, which TensorFlow keeps beside the slots. */
  get betaPowers(): { readonly beta1: number; readonly beta2: number } {
    const power = this.#updates + 1;
    return { beta1: this.#numbers.beta1 ** power, beta2: this.#numbers.beta2 ** power };
  }

  prepare(learningRate: number): void {
    const { beta1, beta2 } = this.#numbers;
    const t = this.#updates + 1;
    this.#state.write((learningRate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t));
    this.#updates = t;
  }

  update(graph: Graph, parameter: DeviceTensor, gradient: GraphTensor): void {
    const count = elements(parameter);
    graph.dispatch(
      adamKernel(),
      linearGrid(count),
      { count, ...this.#numbers, scale: this.#state.rateScale(parameter) },
      {
        control: this.#state.control,
        gradient,
        mean: this.#state.slot(parameter, 'Adam'),
        variance: this.#state.slot(parameter, 'Adam_1'),
        parameter,
      },
    );
  }
}
