import { linearGrid } from '../../wgsl/linear-grid.ts';
import { nesterovKernel } from '../../wgsl/training/nesterov.ts';
import { type DeviceTensor, elements, type Scope } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';
import { checkShare, type Optimiser, type OptimiserOptions, OptimiserState } from './optimiser.ts';

/** Numbers of Nesterov momentum. */
export interface NesterovOptions extends OptimiserOptions {
  /** Share of the sum of gradients that a step keeps; 0.9. */
  readonly momentum?: number;
}

/**
 * Stochastic gradient descent with Nesterov momentum (Sutskever et al. 2013) as TensorFlow takes it, which
 * trained the paper's ResNet-50: `a ← m·a + g; w ← w − rate·(g + m·a)`. Its slots are `<parameter>/Momentum`.
 */
export class Nesterov implements Optimiser {
  readonly momentum: number;
  readonly #state: OptimiserState;

  /** @param scope owns the slots @throws {UsageError} for a momentum outside [0, 1). */
  constructor(scope: Scope, options: NesterovOptions = {}) {
    const { momentum = 0.9 } = options;
    checkShare('momentum', momentum);
    this.momentum = momentum;
    this.#state = new OptimiserState(scope, options);
  }

  get slots(): ReadonlyMap<string, DeviceTensor> {
    return this.#state.slots;
  }

  prepare(learningRate: number): void {
    this.#state.write(learningRate);
  }

  update(graph: Graph, parameter: DeviceTensor, gradient: GraphTensor): void {
    const count = elements(parameter);
    graph.dispatch(
      nesterovKernel(),
      linearGrid(count),
      { count, momentum: this.momentum, scale: this.#state.rateScale(parameter) },
      {
        control: this.#state.control,
        gradient,
        accumulator: this.#state.slot(parameter, 'Momentum'),
        parameter,
      },
    );
  }
}
