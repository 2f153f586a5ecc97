import { UsageError } from '../../base/errors.ts';
import { elements } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';
import { applyFormula, type Formula, fill } from './formula.ts';
import { described } from './shapes.ts';

/**
 * How an operation hands the gradient of its output on. It is called once per derivation, with that gradient,
 * and gives one function for each input; those that are wanted are called, and record what computes the
 * gradient of that input.
 */
export type Backward = (gradient: GraphTensor) => readonly (() => GraphTensor)[];

/**
 * Reverse-mode differentiation over a graph: remembers the differentiable operations recorded in it, in
 * order, and records their gradients behind them. The backward operations are ordinary dispatches of the same
 * graph, so one plan runs forward, backward and, where an optimiser is recorded too, the update; its arena
 * keeps an activation for as long as a gradient still needs it.
 *
 *     const tape = new Tape(graph);
 *     const loss = sum(tape, square(tape, matmul(tape, kernel, x)));
 *     const [gradient] = tape.gradients(loss, [kernel]);
 */
export class Tape {
  /** The graph that operations are recorded in. */
  readonly graph: Graph;
  readonly #recomputable = new Map<GraphTensor, () => GraphTensor>();
  readonly #recomputed = new Map<GraphTensor, GraphTensor>();
  readonly #records: { output: GraphTensor; inputs: readonly GraphTensor[]; backward: Backward }[] = [];

  /** Records in a graph, which may have dispatches already. */
  constructor(graph: Graph) {
    this.graph = graph;
  }

  /**
   * Remembers an operation that is in the graph already. Nothing may write its inputs or its output any more.
   */
  record<Output extends GraphTensor>(
    output: Output,
    inputs: readonly GraphTensor[],
    backward: Backward,
  ): Output {
    this.#records.push({ output, inputs, backward });
    return output;
  }

  /** Says how a tensor is computed anew, so that gradients need not keep it; they have to ask for it by `again`. */
  recomputable(tensor: GraphTensor, compute: () => GraphTensor): void {
    this.#recomputable.set(tensor, compute);
  }

  /** What a gradient reads in place of a tensor of the forward pass: the same values, computed anew once for all gradients. */
  again(tensor: GraphTensor): GraphTensor {
    const compute = this.#recomputable.get(tensor);
    if (compute === undefined) return tensor;
    const recomputed = this.#recomputed.get(tensor) ?? compute();
    this.#recomputed.set(tensor, recomputed);
    return recomputed;
  }

  /**
   * Records the gradients of a scalar with respect to `sources`: parameters, or any other tensors that
   * operations of this tape have read. They come in the order and the shapes of the sources, each a tensor of its own that no
   * other gradient is computed from; of a source the loss does not depend on, it is zeros.
   * @throws {UsageError} when the loss is not a scalar.
   */
  gradients(loss: GraphTensor, sources: readonly GraphTensor[]): GraphTensor[] {
    if (elements(loss) !== 1) throw new UsageError(`gradients: ${described(loss)} is not a scalar.`);
    const dependent = this.#dependentOn(sources);
    const parts = new Map<GraphTensor, GraphTensor[]>([[loss, [fill(this.graph, loss, 1, 'one')]]]);
    const taken = new Set<GraphTensor>();
    for (const { output, inputs, backward } of [...this.#records].reverse()) {
      const gradient = dependent.has(output) ? this.#total(parts, output) : undefined;
      if (gradient === undefined) continue;
      taken.add(gradient);
      const of = backward(gradient);
      inputs.forEach((input, index) => {
        if (!dependent.has(input)) return;
        const list = parts.get(input) ?? [];
        list.push(of[index]());
        parts.set(input, list);
      });
    }
    return sources.map((source) => {
      const total = this.#total(parts, source) ?? fill(this.graph, source, 0, `${source.name} gradient`);
      const own = taken.has(total) ? applyFormula(this.graph, COPY, { x: total }, {}, source) : total;
      taken.add(own);
      return own;
    });
  }

  /** The sources and all outputs that are computed from one. */
  #dependentOn(sources: readonly GraphTensor[]): Set<GraphTensor> {
    const dependent = new Set(sources);
    for (const { output, inputs } of this.#records) {
      if (inputs.some((input) => dependent.has(input))) dependent.add(output);
    }
    return dependent;
  }

  /** The sum of what reached a tensor; undefined where nothing did. */
  #total(parts: Map<GraphTensor, GraphTensor[]>, tensor: GraphTensor): GraphTensor | undefined {
    const list = parts.get(tensor);
    if (list === undefined) return undefined;
    const total = list.reduce((a, b) => applyFormula(this.graph, SUM, { a, b }, {}, tensor));
    parts.set(tensor, [total]);
    return total;
  }
}

const SUM: Formula = { name: 'add gradients', inputs: ['a', 'b'], value: 'a + b', derivatives: {} };

const COPY: Formula = { name: 'copy', inputs: ['x'], value: 'x', derivatives: {} };
