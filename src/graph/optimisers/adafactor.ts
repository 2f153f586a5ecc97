import { checkNumber } from '../../base/check-arguments.ts';
import { linearGrid } from '../../wgsl/linear-grid.ts';
import { adafactorAverageKernel, adafactorUpdateKernel } from '../../wgsl/training/adafactor.ts';
import { type DeviceTensor, elements, type Scope } from '../device/scope.ts';
import { applyFormula, type Formula, sumFormula, sumRows } from '../differentiation/formula.ts';
import { extents } from '../differentiation/shapes.ts';
import { copy } from '../operations/operations.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor, TransientTensor } from '../plan/node.ts';
import { checkUpdates, type Optimiser, type OptimiserOptions, OptimiserState } from './optimiser.ts';

/** Numbers of Adafactor. */
export interface AdafactorOptions extends OptimiserOptions {
  /** Step t keeps `1 − t^−exponent` of the second moment; 0.8. */
  readonly decayExponent?: number;
  /** Largest root mean square of an update; 1. */
  readonly clippingThreshold?: number;
  /** Added to squared gradients; 1e-30. */
  readonly epsilon1?: number;
  /** Smallest size a parameter is taken to have, when its update is scaled by it; 1e-3. */
  readonly epsilon2?: number;
  /** Updates that were done before, where a training goes on. */
  readonly updates?: number;
}

/**
 * Adafactor without momentum (Shazeer and Stern 2018) with the settings of Tensor2Tensor, which the dense
 * Transformers of the original's TPU sets use. The second moment of a matrix `[M, N]` is kept as the means of
 * its rows and columns, slots `<parameter>/Adafactor [M]` and `<parameter>/Adafactor_1 [N]`; that of a vector
 * whole, `<parameter>/Adafactor`.
 */
export class Adafactor implements Optimiser {
  readonly #options: Required<Omit<AdafactorOptions, 'updates' | 'rateScale'>>;
  readonly #state: OptimiserState;
  #updates: number;

  /** @param scope owns the slots @throws {UsageError} for options that cannot be. */
  constructor(scope: Scope, options: AdafactorOptions = {}) {
    const { decayExponent = 0.8, clippingThreshold = 1, epsilon1 = 1e-30, epsilon2 = 1e-3 } = options;
    this.#options = { decayExponent, clippingThreshold, epsilon1, epsilon2 };
    for (const [name, value] of Object.entries(this.#options)) {
      checkNumber(name, value, (number) => number > 0, 'a number above 0');
    }
    checkUpdates(options.updates ?? 0);
    this.#state = new OptimiserState(scope, options);
    this.#updates = options.updates ?? 0;
  }

  get slots(): ReadonlyMap<string, DeviceTensor> {
    return this.#state.slots;
  }

  /** Updates that `prepare` has been called for; what a checkpoint has to keep beside the slots. */
  get updates(): number {
    return this.#updates;
  }

  prepare(learningRate: number): void {
    const t = this.#updates + 1;
    this.#state.write(learningRate, 1 - t ** -this.#options.decayExponent);
    this.#updates = t;
  }

  update(graph: Graph, parameter: DeviceTensor, gradient: GraphTensor): void {
    const { epsilon2, clippingThreshold } = this.#options;
    const factored = parameter.shape.length >= 2;
    const update = factored
      ? this.#factoredUpdate(graph, parameter, gradient)
      : this.#wholeUpdate(graph, parameter, gradient);
    const count = elements(parameter);
    graph.dispatch(
      adafactorUpdateKernel(),
      linearGrid(count),
      {
        count,
        smallest: epsilon2,
        threshold: clippingThreshold,
        scale: this.#state.rateScale(parameter),
      },
      {
        control: this.#state.control,
        update,
        squares: sumOfSquares(graph, parameter),
        update_squares: sumOfSquares(graph, update),
        parameter,
      },
    );
  }

  /** `g / √(vr vcᵀ / mean(vr))` */
  #factoredUpdate(graph: Graph, parameter: DeviceTensor, gradient: GraphTensor): TransientTensor {
    const { rows, columns } = extents(parameter);
    const squares = { inputs: { x: gradient }, parameters: { epsilon: this.#options.epsilon1 } };
    const rowSums = graph.tensor('row sums', [rows, 1]);
    sumFormula(graph, SQUARE, squares.inputs, squares.parameters, 'columns', rowSums);
    const columnSums = graph.tensor('column sums', [1, columns]);
    sumFormula(graph, SQUARE, squares.inputs, squares.parameters, 'rows', columnSums);
    const ofRows = this.#state.slot(parameter, 'Adafactor', [rows]);
    const ofColumns = this.#state.slot(parameter, 'Adafactor_1', [columns]);
    this.#average(graph, rowSums, ofRows, 1 / columns);
    this.#average(graph, columnSums, ofColumns, 1 / rows);
    const total = graph.tensor('sum of row averages', [1, 1]);
    sumRows(graph, ofRows, total);
    const ofColumn = graph.tensor('column averages', [1, columns]);
    copy(graph, ofColumns, ofColumn);
    return applyFormula(
      graph,
      FACTORED,
      { x: gradient, ofRow: ofRows, ofColumn, total },
      { rows },
      parameter,
    );
  }

  /** `g / √v` */
  #wholeUpdate(graph: Graph, parameter: DeviceTensor, gradient: GraphTensor): TransientTensor {
    const squares = applyFormula(graph, SQUARE, { x: gradient }, { epsilon: this.#options.epsilon1 });
    const average = this.#state.slot(parameter, 'Adafactor');
    this.#average(graph, squares, average, 1);
    return applyFormula(graph, WHOLE, { x: gradient, average }, {});
  }

  #average(graph: Graph, sums: GraphTensor, average: DeviceTensor, share: number): void {
    const count = elements(average);
    graph.dispatch(
      adafactorAverageKernel(),
      linearGrid(count),
      { count, share },
      { control: this.#state.control, sums, average },
    );
  }
}

function sumOfSquares(graph: Graph, x: GraphTensor): TransientTensor {
  const rows = graph.tensor('row sums of squares', [extents(x).rows, 1]);
  sumFormula(graph, SQUARE, { x }, { epsilon: 0 }, 'columns', rows);
  const total = graph.tensor('sum of squares', [1, 1]);
  sumRows(graph, rows, total);
  return total;
}

const SQUARE: Formula = {
  name: 'square',
  inputs: ['x'],
  parameters: ['epsilon'],
  value: 'x * x + epsilon',
  derivatives: {},
};

// Each root by itself: the product of the averages may be too small for a float32.
const FACTORED: Formula = {
  name: 'adafactor direction',
  inputs: ['x', 'ofRow', 'ofColumn', 'total'],
  parameters: ['rows'],
  value: 'x / sqrt(ofRow * rows / total) / sqrt(ofColumn)',
  derivatives: {},
};

const WHOLE: Formula = {
  name: 'adafactor direction',
  inputs: ['x', 'average'],
  value: 'x / sqrt(average)',
  derivatives: {},
};
